import { createSealer, randomToken, SallyportError, sha256 } from '@sallyport/core'
import type { Awaitable, SessionKey, SessionRecord } from '@sallyport/session'
import { chain } from '../awaitable.ts'
import { beginRecord } from './begin-record.ts'
import { createEndings } from './endings.ts'
import { idleEnd, isWorthSliding } from './lifetimes.ts'
import { createSealedCookies, type SealedSession } from './sealed-cookies.ts'
import type { Session } from './session.ts'
import type { Sessions, SessionsParts } from './sessions.ts'

/** A session with what it takes to write its next state. */
interface SealedState extends Session {
  readonly sealed: SealedSession
  /** The generation that the browser has; the row of the next one is kept by it. */
  readonly cookieGeneration: number
}

/** Seconds for which a row is kept once the browser has what is in it: requests may be late. */
const lateness = 30

/**
 * Sessions that live in the browser, encrypted. The store holds, for as long as they matter, marks
 * of what was ended, and a row for a session that is being renewed: the lease, and then what the
 * renewal brought, until the browser shows that it has it. A row belongs to one generation and
 * leaves a tombstone, so that an old cookie never renews anything a second time.
 */
export function createSealedSessions(parts: SessionsParts): Sessions {
  const { config, store, clock, log, later } = parts
  const { frontend } = config
  const sealer = createSealer(config.sealKeys, `sealed-row:${frontend}`)
  const cookieSet = createSealedCookies(config)
  const endings = createEndings(store, config.session.absoluteTimeout, clock)

  function toState(sealed: SealedSession, cookieGeneration: number, row?: SessionRecord) {
    const place = { version: row?.version ?? 0, sealed: row?.sealed ?? '' }
    const lease = row?.lease && { lease: row.lease }
    const record = { ...sealed.record, ...place, ...lease }
    const { content } = sealed
    return { record, content, sealed, cookieGeneration, setCookies: [] } satisfies SealedState
  }

  /** The newest state of a session whose cookie is of this generation. */
  function newest(key: SessionKey, base: SealedState): Awaitable<SealedState | undefined> {
    return chain(store.get(key), (row) => {
      if (row) return unseal(row, base.cookieGeneration)
      if (base.record.version > 0) return undefined
      // No row, but there was one: the browser was given a later generation long ago.
      return chain(store.marks([rowMark(key)]), ([mark]) => (mark ? undefined : base))
    })
  }

  function unseal(row: SessionRecord, cookieGeneration: number): SealedState | undefined {
    const text = sealer.open(row.sealed, row.key)
    if (text !== undefined) return toState(JSON.parse(text), cookieGeneration, row)
    log.warn({ event: 'crypt_decrypt_fail' }, 'a stored session cannot be opened with any key')
    return undefined
  }

  function ifLive<T extends Session>(state: T | undefined): Awaitable<T | undefined> {
    if (!state || state.record.expiresAt <= clock()) return undefined
    return chain(endings.reasonFor(state.record), (reason) => (reason ? undefined : state))
  }

  /** Set-Cookie values of a state; none when they would be too large, and the row goes on for it. */
  function write(sealed: SealedSession): readonly string[] {
    const setCookies = cookieSet.write(sealed)
    if (!setCookies)
      log.error({ event: 'session_too_large' }, 'a session does not fit into cookies')
    return setCookies ?? []
  }

  function withCookies(state: SealedState): SealedState {
    const { sealed, cookieGeneration } = state
    if (sealed.generation > cookieGeneration) return { ...state, setCookies: write(sealed) }
    const { renewedFrom, ...confirmed } = sealed
    if (renewedFrom === undefined || state.record.version > 0) return state
    later(lateness, async () => void (await store.delete(rowKey(sealed.record.key, renewedFrom))))
    return { ...state, sealed: confirmed, setCookies: write(confirmed) }
  }

  const sessions: Sessions = {
    isNamed: cookieSet.isNamed,

    open(cookies) {
      const sealed = cookieSet.read(cookies)
      if (!sealed || sealed.record.frontend !== frontend) return undefined
      const base = toState(sealed, sealed.generation)
      return chain(ifLive(base), (live) => {
        if (!live) return undefined
        const key = rowKey(sealed.record.key, sealed.generation)
        return chain(store.marks([rowMark(key)]), ([mark]) => {
          const state = mark ? newest(key, base) : base
          return chain(state, (found) => found && withCookies(found))
        })
      })
    },

    reload(session) {
      const base = session as SealedState
      const key = rowKey(base.record.key, base.cookieGeneration)
      return chain(newest(key, base), ifLive)
    },

    async create(start) {
      const begun = beginRecord(sha256(randomToken()) as SessionKey, start, parts)
      const createdAt = await endings.assertStartable(begun, start.startedAt)
      const record = { ...begun, createdAt }
      const sealed: SealedSession = { generation: 1, record, content: start.content }
      const setCookies = cookieSet.write(sealed)
      if (setCookies) return { ...toState(sealed, 1), setCookies }
      throw new SallyportError('ERR_SESSION_TOO_LARGE', 'the session does not fit into its cookies')
    },

    async update(session, changes) {
      const { record, sealed, cookieGeneration } = session as SealedState
      const now = clock()
      if (record.expiresAt <= now) return false
      const { content = session.content, expiresAt = record.expiresAt } = changes
      const isRenewed = changes.content !== undefined
      const next: SealedSession = {
        generation: sealed.generation + (isRenewed ? 1 : 0),
        renewedFrom: isRenewed ? cookieGeneration : sealed.renewedFrom,
        record: { ...sealed.record, expiresAt },
        content,
      }
      const lease = 'lease' in changes ? changes.lease : record.lease
      const key = rowKey(record.key, cookieGeneration)
      // As long as the cookie it stands for can be shown.
      const end = now + config.session.idleTimeout + lateness
      const row: SessionRecord = {
        ...{ key, version: record.version + 1, frontend, ...(lease && { lease }) },
        // Nobody looks for rows: what ends sealed sessions leaves marks.
        ...{ issuer: `sealed:${frontend}`, subject: record.key, createdAt: now },
        ...{ expiresAt: end, absoluteExpiresAt: end },
        sealed: sealer.seal(JSON.stringify(next), key),
      }
      if (!(await store.put(row))) return false
      if (row.version === 1) {
        await store.mark(rowMark(key), { at: now, expiresAt: end, reason: 'renewed' })
      }
      // Ended meanwhile: what was written is not believed, and whoever wrote it learns that.
      return (await endings.reasonFor(record)) === undefined
    },

    slide(session) {
      const { record, sealed, cookieGeneration } = session as SealedState
      const now = clock()
      const wanted = idleEnd(config.session, session, now)
      if (!isWorthSliding(config.session, record.expiresAt, wanted)) return session.setCookies
      const slid = { ...sealed, record: { ...sealed.record, expiresAt: wanted, lastSeenAt: now } }
      const setCookies = write(slid)
      if (setCookies.length === 0 && sealed.generation > cookieGeneration) {
        const prolong = async () => sessions.update(session, { expiresAt: wanted })
        prolong().catch((error) => log.warn({ error }, 'a session could not be prolonged'))
      }
      return setCookies
    },

    async end(session, reason) {
      const { record } = session
      await endings.noteSession(record, reason)
      const isFirst = await store.claim(`ended:${record.key}`, record.absoluteExpiresAt)
      if (!isFirst) return undefined
      // After the mark: a renewal that wrote its row before is seen here, and a later one sees it.
      const base = session as SealedState
      return (await newest(rowKey(record.key, base.cookieGeneration), base)) ?? session
    },

    async endAll(filter, reason) {
      await endings.noteAll(filter, reason)
      return undefined
    },

    expire: cookieSet.expire,

    claim: (id, lifetime) => store.claim(id, clock() + lifetime),
  }
  return sessions
}

function rowKey(key: SessionKey, generation: number): SessionKey {
  return `${key}.${generation}` as SessionKey
}

function rowMark(key: SessionKey): string {
  return `row:${key}`
}
