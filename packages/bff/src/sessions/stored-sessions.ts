import {
  createSealer,
  createSecret,
  expireCookie,
  randomToken,
  type Secret,
  serializeCookie,
  sha256,
  uniqueCookie,
} from '@sallyport/core'
import {
  type Awaitable,
  type SessionKey,
  type SessionRecord,
  toSessionId,
} from '@sallyport/session'
import { chain } from '../awaitable.ts'
import { cookieNames } from '../cookie-names.ts'
import { deleteBegun, findPages, type SessionsAtRest, samePerson } from './at-rest.ts'
import { beginRecord } from './begin-record.ts'
import { createEndings } from './endings.ts'
import { idleEnd, isWorthSliding } from './lifetimes.ts'
import { createOpenedContents } from './opened-contents.ts'
import { isOwnRecord } from './own-record.ts'
import { type Session, type SessionContent, warnAmbiguous } from './session.ts'
import type { SessionPlace, Sessions, SessionsParts } from './sessions.ts'
import { storeFailure } from './store-failures.ts'
import { createUnopenedLog } from './unopened-log.ts'

const idPattern = /^[\w-]{43}$/
/**
 * Who holds the lease of a session that is being ended. It is over from then on, also when whoever
 * ends it is killed before it is deleted: nobody opens it, and no renewal can write any more.
 */
const endingHolder = 'ending'
/** Seconds that whoever ends a session has for deleting it, before others do it. */
const endingTime = 5
/** Of putting off an end: a renewal writes twice. */
const slideTries = 4

const attributes = { sameSite: 'Strict' } as const

/** Stored sessions, also those that no cookie names. */
export interface StoredSessions extends Sessions {
  /** The live session that is there. */
  openPlace(place: SessionPlace): Awaitable<Session | undefined>
}

/** Sessions whose cookie is a random id, and whose content is sealed in the store. */
export function createStoredSessions(parts: SessionsParts): StoredSessions {
  const { config, store, clock, log, later } = parts
  const { frontend } = config
  const cookieName = cookieNames(config.basePath).session
  const sealer = createSealer(config.sealKeys, `session:${frontend}`)
  const tellUnopened = createUnopenedLog(sealer, log)
  const endings = createEndings(store, config.session.absoluteTimeout, clock)
  const finishing = new Set<SessionKey>()
  const contents = createOpenedContents(clock)

  function unseal(
    record: SessionRecord | undefined,
    splitSecret: Secret | undefined,
  ): Session | undefined {
    if (!record || !isOwnRecord(record, config) || record.expiresAt <= clock()) return undefined
    if (isEnding(record)) {
      finishEnding(record.key)
      return undefined
    }
    const session = open(record, splitSecret)
    if (!session) tellUnopened(record.sealed)
    return session
  }

  function seal(content: SessionContent, key: SessionKey, splitSecret: Secret | undefined): string {
    const isSplit = config.session.splitSeal
    return sealer.seal(JSON.stringify(content), key, isSplit ? splitSecret?.reveal() : undefined)
  }

  function open(record: SessionRecord, splitSecret?: Secret): Session | undefined {
    const known = contents.get(record)
    if (known) return { record, content: known, splitSecret, setCookies: [] }
    const text = sealer.open(record.sealed, record.key, splitSecret?.reveal())
    if (text === undefined) return undefined
    const content = JSON.parse(text) as SessionContent
    contents.keep(record, content)
    return { record, content, splitSecret, setCookies: [] }
  }

  /** Whoever has begun to end a session may be gone: then its row is left to us. */
  function finishEnding(key: SessionKey): void {
    if (finishing.has(key)) return
    finishing.add(key)
    later(endingTime, async () => {
      finishing.delete(key)
      const record = await store.get(key)
      if (!record || !isEnding(record)) return
      await endings.noteSession(toSessionId(key), 'logout')
      await store.delete(key)
      log.info({ event: 'session_logout', reason: 'logout' }, 'an unfinished end was finished')
    })
  }

  /** A renewal of the same request's token writes the same row: whoever loses looks again. */
  async function putOff(session: Session): Promise<void> {
    let latest: Session | undefined = session
    for (let tries = 0; latest && tries < slideTries; tries += 1) {
      const wanted = idleEnd(config.session, latest, clock())
      if (!isWorthSliding(config.session, latest.record.expiresAt, wanted)) return
      if (await sessions.update(latest, { expiresAt: wanted })) return
      latest = await sessions.reload(latest)
    }
  }

  const atRest: SessionsAtRest = {
    pages: (filter) => findPages(store, filter),

    open: (record) => (isOwnRecord(record, config) ? open(record) : undefined),

    async end({ key }, reason) {
      await endings.noteSession(toSessionId(key), reason)
      return store.delete(key)
    },
  }

  const sessions: StoredSessions = {
    atRest,

    isNamed: (cookies) => cookies.some(({ name }) => name === cookieName),

    open(cookies) {
      const { value, ambiguous } = uniqueCookie(cookies, cookieName)
      if (ambiguous) warnAmbiguous(log)
      if (value === undefined || !idPattern.test(value)) return undefined
      const splitSecret = createSecret(value)
      return chain(store.get(toSessionKey(value)), (record) => unseal(record, splitSecret))
    },

    openPlace: ({ key, splitSecret }) =>
      chain(store.get(key), (record) => unseal(record, splitSecret)),

    reload: ({ record, splitSecret }) =>
      chain(store.get(record.key), (latest) => unseal(latest, splitSecret)),

    endReason: ({ record }) => endings.reasonFor(record),

    async create(start) {
      const { content, startedAt } = start
      const id = randomToken()
      const { key, splitSecret } = start.place ?? {
        ...{ key: toSessionKey(id), splitSecret: createSecret(id) },
      }
      const begun = beginRecord(key, start, parts)
      const sealed = seal(content, key, splitSecret)
      const record: SessionRecord = { ...begun, version: 1, sealed }
      const isWritten = await store.put(record)
      if (!isWritten) throw storeFailure(new Error('a new session was not stored'))
      try {
        // Only now: what ends sessions leaves its mark first, and then looks for rows.
        await endings.assertStartable(record, startedAt)
      } catch (error) {
        await store.delete(key)
        throw error
      }
      const setCookies = start.place ? [] : [serializeCookie(cookieName, id, attributes)]
      return { record, content, splitSecret, setCookies }
    },

    update({ record, content: present, splitSecret }, changes) {
      const { content = present, expiresAt = record.expiresAt } = changes
      const { lease: held, ...kept } = record
      const lease = 'lease' in changes ? changes.lease : held
      const next: SessionRecord = {
        ...kept,
        ...(lease && { lease }),
        expiresAt,
        ...(expiresAt !== record.expiresAt && { lastSeenAt: clock() }),
        version: record.version + 1,
        // Always anew: each write brings a session to the newest key, and to one half or two.
        sealed: seal(content, record.key, splitSecret),
      }
      return store.put(next)
    },

    slide(session) {
      putOff(session).catch((error) => log.warn({ error }, 'a session could not be prolonged'))
      return session.setCookies
    },

    async end(session, reason) {
      const { key } = session.record
      for (;;) {
        const latest = await sessions.reload(session)
        if (!latest) return undefined
        // With the lease taken away, a renewal under way cannot write what it brings: it revokes it.
        const lease = { holder: endingHolder, until: clock() + endingTime }
        if (!(await sessions.update(latest, { lease }))) continue
        await endings.noteSession(toSessionId(key), reason)
        const isEnded = await store.delete(key)
        return isEnded ? latest : undefined
      }
    },

    async endAll(filter, reason, { until, first } = {}) {
      await endings.noteAll(filter, reason, until)
      const ended = (await first?.()) ?? 0
      if (until === undefined) return ended + (await store.deleteAll(filter))
      return ended + (await deleteBegun(store, filter, until))
    },

    async endOthers({ record }, { first } = {}) {
      await endings.noteOthers(record)
      let ended = (await first?.()) ?? 0
      for await (const page of findPages(store, samePerson(record))) {
        for (const other of page) {
          if (other.key !== record.key && (await atRest.end(other, 'revoked'))) ended += 1
        }
      }
      return ended
    },

    expire: () => [expireCookie(cookieName, attributes)],

    claim: (id, lifetime) => store.claim(id, clock() + lifetime),
  }
  return sessions
}

function isEnding({ lease }: SessionRecord): boolean {
  return lease?.holder === endingHolder
}

function toSessionKey(id: string): SessionKey {
  return sha256(id) as SessionKey
}
