import { setImmediate } from 'node:timers/promises'
import type { EpochSeconds } from '@sallyport/core'
import type { SessionFilter, SessionRecord } from '@sallyport/session'
import type { EndReason, Session } from './session.ts'
import type { OpenStore } from './store-failures.ts'

/** Sessions that lie in the store, where they can be looked at without their cookies. */
export interface SessionsAtRest {
  /** Records that match, of any frontend; see {@link findPages}. */
  pages(filter: SessionFilter): AsyncIterable<readonly SessionRecord[]>
  /** Opens one; `undefined` for one that is not this frontend's, or that its keys do not open. */
  open(record: SessionRecord): Session | undefined
  /** Ends one unopened, so that its tokens stay unknown. @returns whether it was live. */
  end(record: SessionRecord, reason: EndReason): Promise<boolean>
}

/** Records in memory at once: one may hold some kilobytes. */
const pageSize = 50

/**
 * Records of live sessions that match, page after page, however many there are; others get their
 * turn in between. Rows that are no sessions are left out: see {@link isSession}.
 */
export async function* findPages(
  store: Pick<OpenStore, 'find'>,
  filter: SessionFilter,
): AsyncGenerator<readonly SessionRecord[]> {
  let after: string | undefined
  do {
    const page = await store.find(filter, { limit: pageSize, after })
    yield page.sessions.filter(isSession)
    // A store that answers in place would let nobody else have a turn.
    await setImmediate()
    after = page.next
  } while (after !== undefined)
}

/** What lies among the sessions of a store and is none, by what it is called in place of an issuer. */
const others = {
  /** What is kept of a sealed session that is being renewed. */
  sealedRow: 'sealed:',
  /** A sign-in that waits for its app, or what became of it. */
  nativeCode: 'native-code:',
} as const

/** In place of an issuer, in a row that is no session. */
export function toRowIssuer(kind: keyof typeof others, frontend: string): string {
  return `${others[kind]}${frontend}`
}

/** Whether a record is a session. */
export function isSession({ issuer }: Pick<SessionRecord, 'issuer'>): boolean {
  return !Object.values(others).some((start) => issuer.startsWith(start))
}

/** What finds the sessions of a person at a frontend. */
export function samePerson(record: Pick<SessionRecord, 'issuer' | 'subject' | 'frontend'>) {
  const { issuer, subject, frontend } = record
  return { issuer, subject, frontend } satisfies SessionFilter
}

/** Deletes those that match and had begun by then, and lets be who signed in since. */
export async function deleteBegun(
  store: OpenStore,
  filter: SessionFilter,
  until: EpochSeconds,
): Promise<number> {
  let ended = 0
  for await (const page of findPages(store, filter)) {
    for (const { key, createdAt } of page) {
      if (createdAt <= until && (await store.delete(key))) ended += 1
    }
  }
  return ended
}
