import type { Clock } from '@sallyport/core'
import type { SessionLease } from '@sallyport/session'
import { endingHolder } from '../sessions/session.ts'

/** Waits for somebody else's lease to be over. */
export interface LeaseWatch {
  /** Whether the lease that is seen now may be taken over. */
  isOver(lease: SessionLease): boolean
}

export interface LeaseWatchOptions {
  clock: Clock
  /** Milliseconds that no step of the machine's clock changes. */
  elapsedMs: () => number
  /** Seconds that a lease lasts. */
  leaseTime: number
}

/**
 * Watches a session's lease for one request. Clocks of two processes may be hours apart, so what
 * its holder wrote down of its end says little here: a lease is over when this watch has seen it
 * for as long as a lease lasts. Whoever holds it can have sent nothing for half of that time.
 */
export function createLeaseWatch(options: LeaseWatchOptions): LeaseWatch {
  const { clock, elapsedMs, leaseTime } = options
  let seen: { holder: string; sinceMs: number } | undefined

  return {
    isOver({ holder, until }) {
      if (seen?.holder !== holder) seen = { holder, sinceMs: elapsedMs() }
      if (elapsedMs() < seen.sinceMs + leaseTime * 1000) return false
      return holder !== endingHolder || until <= clock()
    },
  }
}
