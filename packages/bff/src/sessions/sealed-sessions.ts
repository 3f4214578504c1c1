import { setTimeout as delay } from 'node:timers/promises'
import { createSealer, randomToken, SallyportError, sha256 } from '@sallyport/core'
import {
  type Awaitable,
  type SessionKey,
  type SessionRecord,
  toSessionId,
} from '@sallyport/session'
import { chain } from '../awaitable.ts'
import { toRowIssuer } from './at-rest.ts'
import { beginRecord } from './begin-record.ts'
import { createEndings } from './endings.ts'
import { idleEnd, isWorthSliding } from './lifetimes.ts'
import { isOwnRecord } from './own-record.ts'
import { createSealedCookies, type SealedSession } from './sealed-cookies.ts'
import { type EndReason, type Session, type SessionContent, warnAmbiguous } from './session.ts'
import type { Sessions, SessionsParts } from './sessions.ts'
import { createUnopenedLog } from './unopened-log.ts'

/** A session with what it takes to write its next state. */
interface SealedState extends Session {
  readonly sealed: SealedSession
  /** The generation that the browser has. */
  readonly cookieGeneration: number
}

/** Seconds for which a row is kept once the browser has what is in it: requests may be late. */
const lateness = 30

/**
 * Sessions that live in the browser, encrypted. The store holds, for as long as they matter, marks
 * of what was ended, and a row for each generation of a session that is being renewed: the lease,
 * and then the next generation, until the browser shows that it has it. A row leaves a tombstone, so
 * that an old cookie never renews anything a second time.
 */
export function createSealedSessions(parts: SessionsParts): Sessions {
  const { config, store, clock, log, later, onEnded } = parts
  const { frontend } = config
  const { splitSeal } = config.session
  const sealer = createSealer(config.sealKeys, `sealed-row:${frontend}`)
  const tellUnopened = createUnopenedLog(sealer, log)
  const cookieSet = createSealedCookies({ ...config, log })
  const endings = createEndings(store, config.session.absoluteTimeout, clock)

  /** A state; its row is the one of its own generation, if there is one by now. */
  function toState(sealed: SealedSession, cookieGeneration: number, row?: SessionRecord) {
    const place = { version: row?.version ?? 0, sealed: row?.sealed ?? '' }
    const lease = row?.lease && { lease: row.lease }
    const record = { ...sealed.record, ...place, ...lease }
    const { content } = sealed
    return { record, content, sealed, cookieGeneration, setCookies: [] } satisfies SealedState
  }

  /** The newest state of a session, row after row. */
  function newest(state: SealedState): Awaitable<SealedState | undefined> {
    const key = rowKey(state)
    return chain(store.get(key), (row) => {
      if (row) return follow(row, state)
      return chain(store.marks([rowMark(key)]), ([mark]) => {
        if (!mark) return state
        // There was a row, and the browser was given what is in it long ago; or it was just made.
        return chain(store.get(key), (made) => made && follow(made, state))
      })
    })
  }

  function follow(row: SessionRecord, state: SealedState): Awaitable<SealedState | undefined> {
    const found = unseal(row, state)
    const isRenewed = found && found.sealed.generation > state.sealed.generation
    return isRenewed ? newest(found) : found
  }

  function unseal(row: SessionRecord, before: SealedState): SealedState | undefined {
    const text = sealer.open(row.sealed, row.key, before.sealed.splitSecret)
    if (text === undefined) {
      tellUnopened(row.sealed)
      return undefined
    }
    const { record, ...rest }: SealedSession = JSON.parse(text)
    // The cookie may have been prolonged since the row was written, or the reverse.
    const expiresAt = Math.max(record.expiresAt, before.record.expiresAt)
    const isRenewed = rest.generation > before.sealed.generation
    const sealed = { ...rest, record: { ...record, expiresAt } }
    return toState(sealed, before.cookieGeneration, isRenewed ? undefined : row)
  }

  function ifLive(state: SealedState | undefined): Awaitable<SealedState | undefined> {
    if (!state || state.record.expiresAt <= clock()) return undefined
    return chain(endings.reasonFor(state.record), (reason) => (reason ? undefined : state))
  }

  /** Brings the browser up to date, and lets go of the row whose content it has. */
  function withCookies(state: SealedState): SealedState {
    const { sealed, cookieGeneration } = state
    if (sealed.generation > cookieGeneration) {
      return { ...state, setCookies: cookieSet.write(sealed) ?? [] }
    }
    const { renewedFrom, ...confirmed } = sealed
    if (renewedFrom === undefined || state.record.version > 0) return state
    const done = rowKey({ ...state, sealed: { ...sealed, generation: renewedFrom } })
    later(lateness, async () => void (await store.delete(done)))
    return { ...state, sealed: confirmed, setCookies: cookieSet.write(confirmed) ?? [] }
  }

  const sessions: Sessions = {
    isNamed: cookieSet.isNamed,

    open(cookies) {
      if (cookieSet.isAmbiguous(cookies)) warnAmbiguous(log)
      const sealed = cookieSet.read(cookies)
      if (!sealed || !isOwnRecord(sealed.record, config)) return undefined
      const base = toState(sealed, sealed.generation)
      if (base.record.expiresAt <= clock()) return undefined
      return chain(endings.reasonFor(base.record), (reason) => {
        if (reason !== undefined) {
          onEnded?.(base, reason as EndReason)
          return undefined
        }
        return chain(store.marks([rowMark(rowKey(base))]), ([mark]) =>
          chain(mark ? newest(base) : base, (found) => found && withCookies(found)),
        )
      })
    },

    reload: (session) => chain(newest(session as SealedState), ifLive),

    endReason: ({ record }) => endings.reasonFor(record),

    async create(start) {
      const begun = beginRecord(sha256(randomToken()) as SessionKey, start, parts)
      const createdAt = await endings.assertStartable(begun, start.startedAt)
      // Others were ended in this very second: what ends them later must not miss this one.
      if (createdAt > begun.createdAt) await delay((createdAt - begun.createdAt) * 1000)
      const record = { ...begun, createdAt }
      const sealed: SealedSession = {
        ...{ generation: 1, record, content: start.content },
        ...(splitSeal && { splitSecret: randomToken() }),
      }
      const setCookies = cookieSet.write(sealed)
      if (setCookies) return { ...toState(sealed, 1), setCookies }
      throw new SallyportError('ERR_SESSION_TOO_LARGE', 'the session does not fit into its cookies')
    },

    async update(session, changes) {
      const state = session as SealedState
      const { record, sealed } = state
      const now = clock()
      if (record.expiresAt <= now) return false
      const { content, expiresAt = record.expiresAt } = changes
      const { splitSecret, ...whole } = sealed
      // A row that opens with the seal keys alone must not show what others are sealed with.
      const kept = splitSeal ? sealed : whole
      const prolonged = { ...kept, record: { ...sealed.record, expiresAt } }
      const next = content ? cookieSet.fit(renewedWith(content, prolonged)) : prolonged
      if (!next) {
        log.error({ event: 'session_too_large' }, 'a session has outgrown its cookies: it is ended')
        await endings.noteSession(toSessionId(record.key), 'too_large')
        return false
      }
      const lease = 'lease' in changes ? changes.lease : record.lease
      const key = rowKey(state)
      // As long as a cookie of this generation can be shown, also to a clock that is right again.
      const end = Math.max(now + config.session.idleTimeout, record.expiresAt) + lateness
      const row: SessionRecord = {
        ...{ key, version: record.version + 1, frontend, ...(lease && { lease }) },
        // Nobody looks for rows: what ends sealed sessions leaves marks.
        ...{ issuer: toRowIssuer('sealedRow', frontend), subject: record.key, createdAt: now },
        ...{ expiresAt: end, absoluteExpiresAt: end },
        sealed: sealer.seal(JSON.stringify(next), key, splitSeal ? splitSecret : undefined),
      }
      if (!(await store.put(row))) return false
      if (row.version === 1) {
        await store.mark(rowMark(key), { at: now, expiresAt: end, reason: 'renewed' })
      }
      // Ended meanwhile: what was written is not believed, and whoever wrote it learns that.
      return (await endings.reasonFor(record)) === undefined
    },

    slide(session) {
      const { record, sealed } = session as SealedState
      const now = clock()
      const wanted = idleEnd(config.session, session, now)
      if (!isWorthSliding(config.session, record.expiresAt, wanted)) return session.setCookies
      const slid = { ...sealed, record: { ...sealed.record, expiresAt: wanted, lastSeenAt: now } }
      return cookieSet.write(slid) ?? []
    },

    async end(session, reason) {
      const { record } = session
      await endings.noteSession(toSessionId(record.key), reason)
      const isFirst = await store.claim(`ended:${record.key}`, record.absoluteExpiresAt)
      if (!isFirst) return undefined
      // After the mark: a renewal that wrote its row before is seen here, and a later one sees it.
      return (await newest(session as SealedState)) ?? session
    },

    async endAll(filter, reason, { until } = {}) {
      await endings.noteAll(filter, reason, until)
      return undefined
    },

    async endOthers({ record }) {
      await endings.noteOthers(record)
      return undefined
    },

    expire: cookieSet.expire,

    claim: (id, lifetime) => store.claim(id, clock() + lifetime),
  }
  return sessions
}

function renewedWith(content: SessionContent, { generation, ...kept }: SealedSession) {
  return { ...kept, content, generation: generation + 1, renewedFrom: generation }
}

function rowKey({ record, sealed }: SealedState): SessionKey {
  return `${record.key}.${sealed.generation}` as SessionKey
}

function rowMark(key: SessionKey): string {
  return `row:${key}`
}
