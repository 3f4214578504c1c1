import { type Clock, type EpochSeconds, SallyportError, sha256 } from '@sallyport/core'
import type { Awaitable, SessionFilter, SessionRecord } from '@sallyport/session'
import { chain } from '../awaitable.ts'
import type { EndReason } from './session.ts'
import type { OpenStore } from './store-failures.ts'

/**
 * What remembers that sessions were ended where no row of theirs can: those whose sign-in is still
 * under way, and those that live in a cookie.
 */
export interface Endings {
  /** Remembers one session's end. */
  noteSession(record: EndableRecord, reason: EndReason): Awaitable<void>
  /** Remembers the end of all that match and began until then. @param until @defaultValue now */
  noteAll(filter: SessionFilter, reason: EndReason, until?: EpochSeconds): Awaitable<void>
  /** Why a session was ended, by itself or together with others. */
  reasonFor(record: EndableRecord): Awaitable<string | undefined>
  /**
   * Refuses a session whose sign-in was ended while it was under way.
   *
   * @param startedAt when the sign-in began.
   * @returns when the session counts as begun: later than all that was ended before.
   * @throws `ERR_CALLBACK_REJECTED`
   */
  assertStartable(record: EndableRecord, startedAt: EpochSeconds): Promise<EpochSeconds>
}

/** What of a session decides whether it was meant. */
export type EndableRecord = Pick<
  SessionRecord,
  'key' | 'issuer' | 'subject' | 'sid' | 'frontend' | 'createdAt'
>

/** @param lifetime seconds for which a session may live, and its end must be remembered. */
export function createEndings(store: OpenStore, lifetime: number, clock: Clock): Endings {
  function note(id: string, reason: EndReason, until?: EpochSeconds): Awaitable<void> {
    const now = clock()
    return store.mark(id, { at: Math.min(until ?? now, now), expiresAt: now + lifetime, reason })
  }

  return {
    noteSession: ({ key }, reason) => note(sessionMark(key), reason),
    noteAll: (filter, reason, until) => note(filterMark(filter), reason, until),

    reasonFor(record) {
      const wanted = marksOf(record)
      return chain(store.marks(wanted.map(({ id }) => id)), (marks) => {
        const hit = marks.find(
          (mark, i) => mark && (wanted[i]?.isFinal || mark.at >= record.createdAt),
        )
        return hit?.reason
      })
    },

    async assertStartable(record, startedAt) {
      const wanted = marksOf(record)
      const marks = await store.marks(wanted.map(({ id }) => id))
      let begun = record.createdAt
      for (const [i, mark] of marks.entries()) {
        if (!mark) continue
        const { isFinal, isSid } = wanted[i] as WantedMark
        if (isFinal || mark.at > startedAt || (isSid && mark.at === startedAt)) {
          throw new SallyportError('ERR_CALLBACK_REJECTED', 'this sign-in was ended meanwhile')
        }
        begun = Math.max(begun, mark.at + 1)
      }
      return begun
    },
  }
}

interface WantedMark {
  id: string
  /** A session that was ended never comes back; its person may sign in again. */
  isFinal?: true
  /**
   * A new session at the issuer has a new `sid`. So of one second the sign-in was first; of a whole
   * person's sessions the end was, and the sign-in is what comes after it.
   */
  isSid?: true
}

function marksOf(record: EndableRecord): WantedMark[] {
  const { key, issuer, subject, sid, frontend } = record
  const ofSid =
    sid === undefined
      ? []
      : [
          { issuer, sid },
          { issuer, subject, sid },
        ]
  const wider: SessionFilter[] = [
    { issuer, subject },
    { issuer, subject, frontend },
    { issuer },
    { frontend },
    {},
  ]
  return [
    { id: sessionMark(key), isFinal: true },
    ...ofSid.map((filter) => ({ id: filterMark(filter), isSid: true as const })),
    ...wider.map((filter) => ({ id: filterMark(filter) })),
  ]
}

function sessionMark(key: string): string {
  return `ended:${key}`
}

const shapes = [
  '{}',
  'frontend',
  'issuer',
  'issuer,subject',
  'frontend,issuer,subject',
  'issuer,sid',
  'issuer,sid,subject',
]

/** @throws TypeError for a filter of a shape that {@link marksOf} would not find again. */
function filterMark(filter: SessionFilter): string {
  const members = Object.entries(filter)
    .filter(([, value]) => value !== undefined)
    .sort()
  const shape = members.map(([name]) => name).join() || '{}'
  if (!shapes.includes(shape)) throw new TypeError(`sessions cannot be ended by ${shape}`)
  return `ended:${sha256(JSON.stringify(members))}`
}
