import type { SessionKey, SessionLease } from '@sallyport/session'

/** Watches the leases of others. */
export interface LeaseWatch {
  /** Whether a session's lease, as it is seen now, may be taken over. */
  isOver(key: SessionKey, lease: SessionLease): boolean
}

export interface LeaseWatchOptions {
  /** Milliseconds that no step of the machine's clock changes. */
  elapsedMs: () => number
  /** Seconds that a lease lasts when its holder does not prolong it. */
  leaseTime: number
  /**
   * How many are remembered. One that is forgotten is watched from the start again.
   * @defaultValue 10000
   */
  most?: number
}

interface Sight {
  readonly holder: string
  readonly until: number
  readonly seenAtMs: number
  /** For how long it has been watched without a change. */
  readonly watchedMs: number
}

/** A look covers no more of the time before it: nobody knows whether the store was there. */
const looksALease = 4

/**
 * Remembers, for all requests of a process, since when leases have not been prolonged. Clocks of
 * two processes may be hours apart, so what a holder wrote down of its lease's end says nothing here
 * but that it lives, by growing. A lease is over when it was watched without a change for as long
 * as it lasts. While nobody could look, because the store or this process was away, its holder may
 * have had no way to prolong it either: such a time counts for little.
 */
export function createLeaseWatch(options: LeaseWatchOptions): LeaseWatch {
  const { elapsedMs, leaseTime, most = 10_000 } = options
  const leaseMs = leaseTime * 1000
  const sights = new Map<SessionKey, Sight>()

  return {
    isOver(key, { holder, until }) {
      const seenAtMs = elapsedMs()
      const last = sights.get(key)
      const isSame = last?.holder === holder && last.until === until
      const sinceMs = isSame ? Math.min(seenAtMs - last.seenAtMs, leaseMs / looksALease) : 0
      const watchedMs = (isSame ? last.watchedMs : 0) + sinceMs
      sights.delete(key)
      if (sights.size >= most) sights.delete(sights.keys().next().value as SessionKey)
      sights.set(key, { holder, until, seenAtMs, watchedMs })
      return watchedMs >= leaseMs
    },
  }
}
