/** Who has to move next for an exchange to go on. */
export type Turn = 'client' | 'upstream'

/** Tells when one side of an exchange has been too slow for too long. */
export interface ExchangePatience {
  /** Something moved, on whichever side. */
  moved(): void
  /** Bytes of the request's body came. */
  received(bytes: number): void
  /** @returns what is wrong, in words for the log; `undefined` while all is well. */
  problem(time: number, state: PatienceState): string | undefined
}

export interface PatienceState {
  readonly turn: Turn
  /** Seconds for which that side may be silent. */
  readonly limit: number
  /** Whether the client is sending, and nothing holds it back. */
  readonly isSending: boolean
}

/** Seconds over which the pace of an upload is measured. */
const paceTime = 60
/** Bytes a second: less is no network that people use, but somebody who holds an upstream. */
const slowestPace = 64

/**
 * Creates the patience with one exchange. Silence has a limit, and an upload that drips has too:
 * each byte of it would else count as life.
 *
 * @param now seconds, to about one.
 */
export function createExchangePatience(now: () => number): ExchangePatience {
  let movedAt = now()
  let paceFrom = movedAt
  let paceBytes = 0

  function isDripping(time: number, isSending: boolean): boolean {
    if (!isSending) {
      paceFrom = time
      paceBytes = 0
      return false
    }
    if (time - paceFrom < paceTime) return false
    const isTooSlow = paceBytes < slowestPace * (time - paceFrom)
    paceFrom = time
    paceBytes = 0
    return isTooSlow
  }

  return {
    moved() {
      movedAt = now()
    },

    received(bytes) {
      movedAt = now()
      paceBytes += bytes
    },

    problem(time, { turn, limit, isSending }) {
      if (isDripping(time, isSending)) return 'the client sends too slowly'
      return time - movedAt > limit ? `the ${turn} fell silent` : undefined
    },
  }
}
