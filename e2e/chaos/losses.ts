import type { ChaosWorld } from './chaos-world.ts'
import type { Findings, Loss } from './findings.ts'
import { leaseTime, refreshTokenGrace } from './settings.ts'

/** Sessions that were lost, by whether anybody could have kept them. */
export interface Losses {
  readonly lost: readonly Loss[]
  /** The issuer's answer was lost, and it was away itself for most of its grace. */
  readonly issuerAway: readonly Loss[]
  /** The same, and no call of that person reached a gateway in time: a busy machine, a long pause. */
  readonly nobodyAsked: readonly Loss[]
}

/** Milliseconds of the grace in which it can be made good: a lease's time, and two seconds. */
const enoughMs = (leaseTime + 2) * 1000

export function judgeLosses(
  { lost, heardAtMs }: Pick<Findings, 'lost' | 'heardAtMs'>,
  { outages, sendings }: Pick<ChaosWorld, 'outages' | 'sendings'>,
): Losses {
  function excuseFor({ subject }: Loss): 'issuerAway' | 'nobodyAsked' | 'lost' {
    for (const sentAtMs of sendings.tooLate(subject)) {
      const latestMs = sentAtMs + refreshTokenGrace * 1000 - enoughMs
      const isAway = outages.some(
        ({ fromMs, untilMs }) => fromMs < latestMs && untilMs > Math.max(latestMs, sentAtMs),
      )
      if (isAway) return 'issuerAway'
      const calls = heardAtMs.get(subject) ?? []
      if (!calls.some((ms) => ms > sentAtMs && ms < latestMs)) return 'nobodyAsked'
    }
    return 'lost'
  }

  const by = Object.groupBy(lost, excuseFor)
  return { lost: by.lost ?? [], issuerAway: by.issuerAway ?? [], nobodyAsked: by.nobodyAsked ?? [] }
}
