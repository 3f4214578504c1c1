import { leaseTime } from './settings.ts'

/** One life of one gateway process, and when it was killed. */
export interface Sender {
  readonly name: string
  killedAtMs?: number
}

/**
 * What became of a request. `refused`: the issuer said no, or could not be reached, so nothing was
 * spent. `granted`: the answer reached the one that asked. `lost`: it did not.
 */
export type Outcome = 'refused' | 'granted' | 'lost'

/** One time that a refresh token reached the token endpoint. */
export interface Sending {
  readonly by: Sender
  readonly atMs: number
  /** Absent while nobody has answered. */
  outcome?: Outcome
  /** What the answer brought. */
  accessToken?: string
}

/** Who has sent which refresh token when, and what became of it. */
export interface Sendings {
  begin(refreshToken: string, by: Sender): Sending
  /** An API was called with this access token. */
  noteUse(accessToken: string): void
  judge(): SendingsVerdict
}

/** What the book says once all answers are known. */
export interface SendingsVerdict {
  /** Refresh tokens that were granted. */
  readonly renewals: number
  /** Repeats that nothing excuses; a sentence each. */
  readonly repeats: readonly string[]
  /** Repeats of an answer that got lost, or whose receiver was killed before it could store it. */
  readonly excused: number
}

/**
 * Keeps the book on refresh tokens. One that comes again is a repeat, unless each earlier time
 * - it was refused, and is unspent, or
 * - its answer got lost on its way, or
 * - its sender was killed before the end of its lease, and until then no API had seen what the
 *   answer brought: it was not stored.
 */
export function createSendings(): Sendings {
  const byToken = new Map<string, Sending[]>()
  const usedAtMs = new Map<string, number>()

  function isExcused({ outcome, by, atMs, accessToken = '' }: Sending, again: Sending): boolean {
    if (outcome === 'refused' || outcome === 'lost') return true
    const diedInTime = by.killedAtMs !== undefined && by.killedAtMs < atMs + leaseTime * 1000
    return diedInTime && !((usedAtMs.get(accessToken) ?? Number.POSITIVE_INFINITY) < again.atMs)
  }

  return {
    begin(refreshToken, by) {
      const sending: Sending = { by, atMs: performance.now() }
      byToken.set(refreshToken, [...(byToken.get(refreshToken) ?? []), sending])
      return sending
    },

    noteUse(accessToken) {
      if (!usedAtMs.has(accessToken)) usedAtMs.set(accessToken, performance.now())
    },

    judge() {
      const repeats: string[] = []
      let [renewals, excused] = [0, 0]
      for (const sendings of byToken.values()) {
        for (const [i, sending] of sendings.entries()) {
          if (sending.outcome === 'granted') renewals += 1
          const earlier = sendings.slice(0, i)
          const culprit = earlier.find((one) => !isExcused(one, sending))
          if (culprit) repeats.push(describe(culprit, sending))
          else if (earlier.some(({ outcome }) => outcome !== 'refused')) excused += 1
        }
      }
      return { renewals, repeats, excused }
    },
  }
}

function describe(first: Sending, again: Sending): string {
  const after = Math.round(again.atMs - first.atMs)
  const fate = first.outcome ?? 'not answered yet'
  const when = (again.atMs / 1000).toFixed(1)
  return `at ${when} s ${again.by.name} sent what ${first.by.name} had sent ${after} ms ago (${fate})`
}
