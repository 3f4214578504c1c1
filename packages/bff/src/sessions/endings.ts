import { type Clock, type EpochSeconds, SallyportError, sha256 } from '@sallyport/core'
import {
  type Awaitable,
  type SessionFilter,
  type SessionRecord,
  toSessionId,
} from '@sallyport/session'
import { chain } from '../awaitable.ts'
import { samePerson } from './at-rest.ts'
import type { EndReason } from './session.ts'
import type { OpenStore } from './store-failures.ts'

/**
 * What remembers that sessions were ended where no row of theirs can: those whose sign-in is still
 * under way, and those that live in a cookie.
 */
export interface Endings {
  /** Remembers one session's end, by its id. */
  noteSession(id: string, reason: EndReason): Awaitable<void>
  /** Remembers the end of all others of a session's person at its frontend that began until now. */
  noteOthers(record: EndableRecord): Awaitable<void>
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
  function note(id: string, reason: string, until?: EpochSeconds): Awaitable<void> {
    const now = clock()
    return store.mark(id, { at: Math.min(until ?? now, now), expiresAt: now + lifetime, reason })
  }

  return {
    noteSession: (id, reason) => note(sessionMark(id), reason),
    noteOthers: (record) => note(othersMark(record), exceptReason(record)),
    noteAll: (filter, reason, until) => note(filterMark(filter), reason, until),

    reasonFor(record) {
      const wanted = marksOf(record)
      return chain(store.marks(wanted.map(({ id }) => id)), (marks) => {
        const hit = marks.find(
          (mark, i) =>
            mark &&
            mark.reason !== wanted[i]?.unless &&
            (wanted[i]?.isFinal || mark.at >= record.createdAt),
        )
        return hit?.reason.startsWith(exceptPrefix) ? 'revoked' : hit?.reason
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
  /** A mark of this reason does not mean the session. */
  unless?: string
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
    { id: sessionMark(toSessionId(key)), isFinal: true },
    { id: othersMark(record), unless: exceptReason(record) },
    ...ofSid.map((filter) => ({ id: filterMark(filter), isSid: true as const })),
    ...wider.map((filter) => ({ id: filterMark(filter) })),
  ]
}

function sessionMark(id: string): string {
  return `ended:${id}`
}

function othersMark(record: EndableRecord): string {
  return `ended-others:${sha256(JSON.stringify(samePerson(record)))}`
}

const exceptPrefix = 'except:'

/** The reason of a mark that ends all but this session. */
function exceptReason({ key }: Pick<SessionRecord, 'key'>): string {
  return `${exceptPrefix}${toSessionId(key)}`
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

/** Whether sessions can be ended by such a filter: not by a frontend together with `sid` or issuer. */
export function canEndBy(filter: SessionFilter): boolean {
  return shapes.includes(shapeOf(filter))
}

/** @throws TypeError for a filter of a shape that {@link marksOf} would not find again. */
function filterMark(filter: SessionFilter): string {
  if (!canEndBy(filter)) throw new TypeError(`sessions cannot be ended by ${shapeOf(filter)}`)
  return `ended:${sha256(JSON.stringify(membersOf(filter)))}`
}

function shapeOf(filter: SessionFilter): string {
  const names = membersOf(filter).map(([name]) => name)
  return names.join() || '{}'
}

function membersOf(filter: SessionFilter): [string, unknown][] {
  return Object.entries(filter)
    .filter(([, value]) => value !== undefined)
    .sort()
}
