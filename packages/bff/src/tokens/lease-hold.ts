import type { Clock } from '@sallyport/core'
import type { Logger } from '@sallyport/telemetry'
import type { Session } from '../sessions/session.ts'
import type { Sessions } from '../sessions/sessions.ts'

/** A session's lease that this process has taken, prolonged for as long as the process lives. */
export interface LeaseHold {
  readonly holder: string
  /** Whether nobody else can have taken it over by now, nor will before a beat or two have failed. */
  isSure(): boolean
  /** Which part is over of the time for which it may be held at all. */
  share(): number
  /**
   * Prolongs it now, by compare-and-set.
   *
   * @returns whether it is this holder's; `false` also when the session has ended.
   * @throws `ERR_SESSION_STORE_UNAVAILABLE`: nobody knows.
   */
  prolong(): Promise<boolean>
  /** Prolongs it no more: what is written next gives it back, or it ends by itself. */
  stop(): void
}

/** Seconds. */
export interface LeaseTimes {
  /** How long a lease lasts that is not prolonged: a dead holder's is taken over after it. */
  readonly leaseTime: number
  /** How long one may be held, however often it is prolonged. */
  readonly longestHold: number
}

/**
 * A lease is short: when its holder is killed after the issuer's answer, the next one must come while
 * the issuer still gives that answer again, commonly for ten seconds (decision 39).
 *
 * @param issuerTimeout seconds that the issuer has for one answer.
 */
export function toLeaseTimes(issuerTimeout: number): LeaseTimes {
  // Held for two attempts, a nonce in between, and time to write what they bring.
  return { leaseTime: 3, longestHold: issuerTimeout * 3 + 5 }
}

export interface LeaseHoldOptions {
  sessions: Pick<Sessions, 'reload' | 'update'>
  clock: Clock
  log: Logger
  times: LeaseTimes
  /** Milliseconds that no step of the machine's clock changes. */
  elapsedMs: () => number
  wait: (ms: number) => Promise<unknown>
}

/** A lease as it was taken. */
export interface TakenLease {
  readonly session: Session
  readonly holder: string
  /** Milliseconds, of `elapsedMs`, from before the write that took it. */
  readonly takenAtMs: number
}

/** How many beats a lease lasts: a few may come late, or find the store away. */
const beatsALease = 6

/**
 * Begins to prolong a lease that was just taken. Each beat makes its `until` grow, whatever the clock
 * does, which is what the others watch for; so a holder that is killed is found out within one lease,
 * and one that waits for a slow issuer keeps it. A holder that was paused may have lost it: it learns
 * that from its own measure of time at once, and from the store before it does anything.
 */
export function holdLease(
  { session: known, holder, takenAtMs }: TakenLease,
  { sessions, clock, log, times, elapsedMs, wait }: LeaseHoldOptions,
): LeaseHold {
  const leaseMs = times.leaseTime * 1000
  let sureSinceMs = takenAtMs
  let isStopped = false

  function share(): number {
    return (elapsedMs() - takenAtMs) / (times.longestHold * 1000)
  }

  async function prolong(): Promise<boolean> {
    while (share() < 1) {
      const session = await sessions.reload(known)
      const lease = session?.record.lease
      if (!session || lease?.holder !== holder) return false
      const writtenAtMs = elapsedMs()
      const until = Math.max(clock() + times.leaseTime, lease.until + 1)
      if (await sessions.update(session, { lease: { holder, until } })) {
        sureSinceMs = Math.max(sureSinceMs, writtenAtMs)
        return true
      }
    }
    return false
  }

  async function beat(): Promise<void> {
    for (;;) {
      await wait(leaseMs / beatsALease)
      if (isStopped) return
      try {
        if (!(await prolong())) return
      } catch (error) {
        log.debug({ error }, 'a lease could not be prolonged yet')
      }
    }
  }

  void beat()
  return {
    holder,
    isSure: () => elapsedMs() - sureSinceMs < leaseMs / 2,
    share,
    prolong,
    stop() {
      isStopped = true
    },
  }
}
