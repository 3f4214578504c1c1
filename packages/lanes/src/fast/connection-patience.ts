import type { Socket } from 'node:net'

/** Tells when a client's connection has waited for too long, while no exchange is under way. */
export interface ConnectionPatience {
  /** Another wait begins now. */
  begin(): void
  /** Bytes came that nobody reads any more. */
  received(): void
  /** Whether a head that is not complete has become node's to wait for. */
  isHeadLate(time: number): boolean
  isOver(time: number, phase: 'reading' | 'closing'): boolean
}

/** Seconds that a connection may be idle; node's server says the same. */
const idleTime = 65
/** Seconds after which a head that is not complete is node's to wait for. */
const headPatience = 5
/** Seconds in which a client has to take something of what it was sent. */
const takingTime = 60
/** Seconds without a byte, and in all, that are read from who has got its last answer. */
const closingTime = { silent: 2, most: 30 }

/** @param now seconds, to about one. */
export function createConnectionPatience(socket: Socket, now: () => number): ConnectionPatience {
  let since = now()
  let receivedAt = since
  let unsent = 0
  let takenAt = since

  /** Whether answers still wait for the client. The time begins anew when the last byte has left. */
  function isTaking(time: number): boolean {
    const left = socket.writableLength
    if (left === 0 && unsent === 0) return false
    if (unsent === 0 || left < unsent) takenAt = time
    unsent = left
    if (left === 0) since = time
    return left > 0
  }

  return {
    begin() {
      since = now()
    },

    received() {
      receivedAt = now()
    },

    isHeadLate: (time) => time - since > headPatience,

    isOver(time, phase) {
      if (isTaking(time)) return time - takenAt > takingTime
      if (phase === 'reading') return time - since > idleTime
      const silent = time - Math.max(since, receivedAt)
      return silent > closingTime.silent || time - since > closingTime.most
    },
  }
}
