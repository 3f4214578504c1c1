import { decodeJwt } from 'jose'
import { leaseTime, longestHold, refreshTokenGrace } from './settings.ts'

/** One life of one gateway process, and what was done to it when. */
export interface Sender {
  readonly name: string
  killedAtMs?: number
  readonly pauses: { readonly fromMs: number; untilMs: number }[]
  /** When its clock was set. */
  readonly jumpsMs: number[]
}

/** A process that has just begun. */
export function newSender(name: string): Sender {
  return { name, pauses: [], jumpsMs: [] }
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
  /** When the answer was given, or got lost. */
  answeredAtMs?: number
  /** What the answer brought. */
  accessToken?: string
}

/** Who has sent which refresh token when, and what became of it. */
export interface Sendings {
  begin(refreshToken: string, by: Sender): Sending
  /** The token endpoint has given these to somebody. */
  noteGrant(accessToken: string, refreshToken: string): void
  /** An API was called with this access token. */
  noteUse(accessToken: string): void
  /**
   * When each refresh token of a person was sent first that was refused when it came again, too late
   * for the issuer's grace, and was not to blame for that.
   */
  tooLate(subject: string): number[]
  /** Whether the issuer has granted something to this gateway that it does not know of yet. */
  isOwed(name: string): boolean
  /** Whether something that the issuer has granted is still to be asked for again, in its grace. */
  isCutOff(): boolean
  judge(): SendingsVerdict
}

/** What the book says once all answers are known. */
export interface SendingsVerdict {
  /** Refresh tokens that were granted. */
  readonly renewals: number
  /** Repeats that nothing excuses; a sentence each. */
  readonly repeats: readonly string[]
  /** Repeats that something excuses, by what it was. */
  readonly excused: Readonly<Record<Excuse, number>>
}

/** Why a refresh token had to come again. */
export type Excuse = (typeof excuses)[number]

const excuses = [
  'its answer got lost',
  'who had sent it was killed',
  'who had sent it stood still',
  'the clock jumped under its answer',
] as const

/** Milliseconds without a sign of life: a lease, less a beat that came right before, on a busy machine. */
const deadlyPauseMs = leaseTime * 1000 - 1000

/** Milliseconds in which an answer that was given is read, on a busy machine. */
const readWithinMs = 1000

/**
 * Keeps the book on refresh tokens. One that comes again is a repeat, unless each earlier time
 * - it was refused, and is unspent, or
 * - its answer got lost on its way, or
 * - its sender was killed while it could still hold its lease, or was stopped for longer than a lease
 *   lasts, before it came again, or
 * - its sender's clock jumped while the answer was on its way, so that the ID token in it seemed
 *   to be of another time and the whole was refused.
 *
 * The last three only if until then no API had seen what the answer brought: it was not stored.
 */
export function createSendings(): Sendings {
  const byToken = new Map<string, Sending[]>()
  const usedAtMs = new Map<string, number>()
  const subjects = new Map<string, string>()

  /** `undefined`: nothing excuses it. Unspent: there was nothing to excuse. */
  function excuseFor(first: Sending, again: Sending): Excuse | 'unspent' | undefined {
    const { outcome, by, atMs, answeredAtMs = again.atMs, accessToken = '' } = first
    const { killedAtMs = Number.POSITIVE_INFINITY } = by
    if (outcome === 'refused') return 'unspent'
    if (outcome === 'lost') {
      return killedAtMs < answeredAtMs ? 'who had sent it was killed' : 'its answer got lost'
    }
    if ((usedAtMs.get(accessToken) ?? Number.POSITIVE_INFINITY) < again.atMs) return undefined
    const lastChanceMs = Math.min(again.atMs, atMs + longestHold * 1000)
    if (killedAtMs < lastChanceMs) return 'who had sent it was killed'
    const hasStoodStill = by.pauses.some(
      ({ fromMs, untilMs }) =>
        untilMs > atMs && Math.min(untilMs, again.atMs) - fromMs > deadlyPauseMs,
    )
    if (hasStoodStill) return 'who had sent it stood still'
    const hasJumped = by.jumpsMs.some((ms) => ms > atMs && ms < answeredAtMs + readWithinMs)
    return hasJumped ? 'the clock jumped under its answer' : undefined
  }

  return {
    begin(refreshToken, by) {
      const sending: Sending = { by, atMs: performance.now() }
      byToken.set(refreshToken, [...(byToken.get(refreshToken) ?? []), sending])
      return sending
    },

    noteGrant(accessToken, refreshToken) {
      subjects.set(refreshToken, decodeJwt(accessToken).sub ?? '')
    },

    tooLate: (subject) =>
      [...byToken]
        .filter(([refreshToken]) => subjects.get(refreshToken) === subject)
        .flatMap(([, [first, ...others]]) => {
          if (!first) return []
          const refused = others.find(({ outcome }) => outcome === 'refused')
          const isLate = refused && refused.atMs > first.atMs + refreshTokenGrace * 1000
          return isLate && excuseFor(first, refused) ? [first.atMs] : []
        }),

    noteUse(accessToken) {
      if (!usedAtMs.has(accessToken)) usedAtMs.set(accessToken, performance.now())
    },

    isOwed: (name) =>
      [...byToken.values()]
        .flat()
        .some((one) => one.by.name === name && one.accessToken && one.answeredAtMs === undefined),

    isCutOff: () =>
      [...byToken.values()].some((sendings) => {
        const [first, latest] = [sendings[0] as Sending, sendings.at(-1) as Sending]
        if (performance.now() > first.atMs + refreshTokenGrace * 1000) return false
        if (latest.accessToken && usedAtMs.has(latest.accessToken)) return false
        const isAskedAgain = !latest.outcome && sendings.length > 1
        return isAskedAgain || latest.outcome === 'lost' || latest.by.killedAtMs !== undefined
      }),

    judge() {
      const repeats: string[] = []
      const excused = Object.fromEntries(excuses.map((one) => [one, 0])) as Record<Excuse, number>
      let renewals = 0
      for (const sendings of byToken.values()) {
        for (const [i, sending] of sendings.entries()) {
          if (sending.outcome === 'granted') renewals += 1
          const earlier = sendings.slice(0, i)
          const culprit = earlier.find((one) => !excuseFor(one, sending))
          if (culprit) {
            repeats.push(describe(culprit, sending))
            continue
          }
          const reasons = earlier.map((one) => excuseFor(one, sending))
          const latest = reasons.findLast((one) => one !== 'unspent')
          if (latest) excused[latest] += 1
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
