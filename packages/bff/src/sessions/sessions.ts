import { type Clock, createSealer, randomToken, sha256 } from '@sallyport/core'
import type {
  Awaitable,
  SessionFilter,
  SessionKey,
  SessionLease,
  SessionRecord,
  SessionStore,
} from '@sallyport/session'
import type { Logger } from '@sallyport/telemetry'
import { chain } from '../awaitable.ts'
import type { IdTokenClaims } from '../oidc/token-grant.ts'
import type { BffConfig } from '../options.ts'
import type { Session, SessionContent } from './session.ts'
import { storeFailure, withStoreFailures } from './store-failures.ts'

/** Sessions, opened and sealed; below is a store that knows no secret. */
export interface Sessions {
  /** The live session of a cookie's value. */
  open(cookieValue: string): Awaitable<Session | undefined>
  read(key: SessionKey): Awaitable<Session | undefined>
  /** @returns the new session and the secret for its cookie. */
  create(claims: IdTokenClaims, content: SessionContent): Promise<{ session: Session; id: string }>
  /** Compare-and-set on the session that was read; `false` when somebody else was first. */
  update(session: Session, changes: SessionChanges): Awaitable<boolean>
  /** Puts off the idle end, when that is worth a write. Nobody waits for it. */
  slide(session: Session): void
  /**
   * Ends a session, whatever else is under way.
   *
   * @returns its last state, the latest refresh token in it, to the one caller that ended it.
   */
  end(key: SessionKey): Promise<Session | undefined>
  /** Ends all that match, with tombstones. @returns how many. */
  endAll(filter: SessionFilter): Awaitable<number>
  /** `true` for the first caller only; see `SessionStore.claim`. */
  claim(id: string, lifetime: number): Awaitable<boolean>
}

export interface SessionChanges {
  content?: SessionContent
  expiresAt?: number
  /** `undefined` gives the lease back. */
  lease?: SessionLease | undefined
}

export interface SessionsOptions {
  config: BffConfig
  store: SessionStore
  clock: Clock
  log: Logger
}

const idPattern = /^[\w-]{43}$/
/** A session is written again for its idle end at most this often, in seconds. */
const longestSlideStep = 60

export function createSessions(options: SessionsOptions): Sessions {
  const { config, clock, log } = options
  const store = withStoreFailures(options.store)
  const { idleTimeout, absoluteTimeout } = config.session
  const frontend = config.publicUrl.origin
  const sealer = createSealer(config.sealKeys, 'session')
  const slideStep = Math.min(longestSlideStep, Math.ceil(idleTimeout / 10))

  function unseal(record: SessionRecord | undefined): Session | undefined {
    if (!record || record.frontend !== frontend || record.expiresAt <= clock()) return undefined
    const text = sealer.open(record.sealed, record.key)
    if (text === undefined) {
      log.warn({ event: 'crypt_decrypt_fail' }, 'a stored session cannot be opened with any key')
      return undefined
    }
    return { record, content: JSON.parse(text) }
  }

  const sessions: Sessions = {
    open(cookieValue) {
      return idPattern.test(cookieValue) ? sessions.read(toSessionKey(cookieValue)) : undefined
    },

    read(key) {
      return chain(store.get(key), unseal)
    },

    async create(claims, content) {
      const id = randomToken()
      const key = toSessionKey(id)
      const now = clock()
      const absoluteExpiresAt = now + absoluteTimeout
      const sid = typeof claims.sid === 'string' ? { sid: claims.sid } : {}
      const record: SessionRecord = {
        ...{ key, version: 1, frontend, issuer: claims.iss, subject: claims.sub, ...sid },
        ...{ createdAt: now, absoluteExpiresAt },
        expiresAt: Math.min(now + idleTimeout, absoluteExpiresAt),
        sealed: sealer.seal(JSON.stringify(content), key),
      }
      const isWritten = await store.put(record)
      if (!isWritten) throw storeFailure(new Error('a new session was not stored'))
      return { session: { record, content }, id }
    },

    update({ record, content: present }, changes) {
      const { content = present, expiresAt = record.expiresAt } = changes
      const { lease: held, ...kept } = record
      const lease = 'lease' in changes ? changes.lease : held
      const next: SessionRecord = {
        ...kept,
        ...(lease && { lease }),
        expiresAt,
        version: record.version + 1,
        // Always anew: each write brings a session to the newest key.
        sealed: sealer.seal(JSON.stringify(content), record.key),
      }
      return store.put(next)
    },

    slide(session) {
      const { absoluteExpiresAt, expiresAt } = session.record
      const wanted = Math.min(clock() + idleTimeout, absoluteExpiresAt)
      if (wanted - expiresAt < slideStep) return
      const write = async () => sessions.update(session, { expiresAt: wanted })
      write().catch((error) => log.warn({ error }, 'a session could not be prolonged'))
    },

    async end(key) {
      for (;;) {
        const session = await sessions.read(key)
        if (!session) return undefined
        // With the lease taken away, a renewal under way cannot write what it brings: it revokes it.
        const lease = { holder: randomToken(), until: session.record.absoluteExpiresAt }
        if (!(await sessions.update(session, { lease }))) continue
        const isEnded = await store.delete(key)
        return isEnded ? session : undefined
      }
    },

    endAll: (filter) => store.deleteAll(filter),

    claim: (id, lifetime) => store.claim(id, clock() + lifetime),
  }
  return sessions
}

function toSessionKey(id: string): SessionKey {
  return sha256(id) as SessionKey
}
