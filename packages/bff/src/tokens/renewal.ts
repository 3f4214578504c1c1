import { setTimeout as delay } from 'node:timers/promises'
import { type Clock, errorCode, SallyportError } from '@sallyport/core'
import type { Logger } from '@sallyport/telemetry'
import { tokensOfGrant } from '../logout/revocable-tokens.ts'
import type { Revocations } from '../logout/revocations.ts'
import type { OidcClient } from '../oidc/oidc-client.ts'
import type { TokenGrant } from '../oidc/token-grant.ts'
import {
  endingHolder,
  type Session,
  type SessionContent,
  type StoredAccessToken,
} from '../sessions/session.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { type TokenRequest, tokenKey } from './token-request.ts'

/** A lease that this process holds, and what it is held for. */
export interface HeldLease {
  readonly request: TokenRequest
  readonly holder: string
  /** Milliseconds, of `elapsedMs`: a lease's time later somebody else may have taken it over. */
  readonly takenAtMs: number
  /** What is exchanged; absent: the refresh token is used. */
  readonly subjectToken: StoredAccessToken | undefined
}

export interface RenewalOptions {
  sessions: Sessions
  oidc: OidcClient
  clock: Clock
  log: Logger
  /** Seconds that a lease lasts. */
  leaseTime: number
  revocations: Pick<Revocations, 'plan' | 'start'>
  /**
   * Milliseconds that no step of the machine's clock changes.
   * @defaultValue performance.now
   */
  elapsedMs?: () => number
  /**
   * Lets time pass.
   * @defaultValue timers of the machine
   */
  wait?: (ms: number) => Promise<unknown>
}

/** How time is told, and passes, where the clock does not matter. */
export function timersOf({ elapsedMs, wait }: Pick<RenewalOptions, 'elapsedMs' | 'wait'>) {
  return { elapsedMs: elapsedMs ?? (() => performance.now()), wait: wait ?? delay }
}

/** Milliseconds between two attempts to write down what the issuer gave. */
const pauseBeforeRetryMs = 250

/**
 * Gets a new access token under a lease and writes it down.
 *
 * @returns the token; `undefined` when the lease was lost meanwhile: look again what there is.
 */
export type Renew = (session: Session, held: HeldLease) => Promise<StoredAccessToken | undefined>

export function createRenew(options: RenewalOptions): Renew {
  const { sessions, oidc, clock, log, leaseTime, revocations } = options
  const { elapsedMs, wait } = timersOf(options)

  /** Which part of its lease is over. */
  function spent({ takenAtMs }: HeldLease): number {
    return (elapsedMs() - takenAtMs) / (leaseTime * 1000)
  }

  /** Whether there is time for an answer. A process that was paused must not send what is old. */
  function isAmple(held: HeldLease): boolean {
    return spent(held) < 0.5
  }

  async function renew(session: Session, held: HeldLease): Promise<StoredAccessToken | undefined> {
    const startedAt = clock()
    if (!isAmple(held)) {
      await settle(session, held, unchanged)
      return undefined
    }
    let grant: TokenGrant
    try {
      grant = await askTwice(session, held)
    } catch (error) {
      return afterFailure(session, held, error)
    }
    const token = toStored(grant, startedAt)
    const name = tokenKey(held.request)
    const outcome = await settleSurely(session, held, (content) => ({
      content: {
        ...content,
        ...renewed(grant, content, startedAt),
        accessTokens: { ...content.accessTokens, [name]: token },
      },
    }))
    if (outcome === 'ended') {
      await revokeLeftover(grant, held.holder)
      throw ended()
    }
    // Who took the lease over has, or gets, what every request of this session is to use.
    if (outcome === 'overtaken') return undefined
    const { resource } = held.request
    log.info({ event: 'authn_token_created', resource }, 'an access token was renewed')
    return token
  }

  /** Only the issuer's word about the refresh token that is still the session's ends the session. */
  async function afterFailure(
    session: Session,
    held: HeldLease,
    error: unknown,
  ): Promise<undefined> {
    if (errorCode(error) !== 'ERR_LOGIN_REQUIRED') {
      log.warn({ error }, 'an access token could not be renewed')
      await settle(session, held, unchanged)
      throw error
    }
    if (held.subjectToken) {
      await settle(session, held, unchanged)
      throw new SallyportError('ERR_TOKEN_UNAVAILABLE', 'the exchange was refused', {
        cause: error,
      })
    }
    const latest = await sessions.reload(session)
    if (latest && latest.record.lease?.holder !== held.holder) return undefined
    log.info({ event: 'session_expired', reason: 'refresh_rejected' }, 'the session is over')
    await sessions.end(session, 'refresh_rejected')
    throw error
  }

  /**
   * A refresh whose answer got lost is asked for once more, at once: an issuer that rotates refresh
   * tokens gives what it gave before, if it allows that at all, for some seconds only.
   */
  async function askTwice(session: Session, held: HeldLease): Promise<TokenGrant> {
    try {
      return await ask(session, held)
    } catch (error) {
      if (!isAnswerLost(error) || !isAmple(held)) throw error
      return ask(session, held)
    }
  }

  function ask({ record, content }: Session, held: HeldLease): Promise<TokenGrant> {
    const { resource, audience, scopes } = held.request
    const wanted = { resource, audience, scopes, dpopKey: content.dpopKey }
    const { subjectToken } = held
    if (subjectToken) return oidc.exchange({ ...wanted, subjectToken: subjectToken.accessToken })
    const refreshToken = content.refreshToken as string
    return oidc.refresh({ ...wanted, refreshToken, subject: record.subject })
  }

  /**
   * The same while the store fails, for as long as the lease lasts: what the issuer gave in exchange
   * for the refresh token is nowhere else, and without it the session is lost.
   */
  async function settleSurely(...given: Parameters<typeof settle>): ReturnType<typeof settle> {
    for (;;) {
      try {
        return await settle(...given)
      } catch (error) {
        const isStore = errorCode(error) === 'ERR_SESSION_STORE_UNAVAILABLE'
        if (!isStore || spent(given[1]) >= 1) throw error
        log.warn({ error }, 'renewed tokens could not be stored yet')
        await wait(pauseBeforeRetryMs)
      }
    }
  }

  /** Writes the outcome and gives the lease back, unless session or lease are gone. */
  async function settle(
    known: Session,
    { holder }: HeldLease,
    change: (content: SessionContent) => { content?: SessionContent },
  ): Promise<'written' | 'ended' | 'overtaken'> {
    for (;;) {
      const session = await sessions.reload(known)
      if (!session || session.record.lease?.holder === endingHolder) return 'ended'
      if (session.record.lease?.holder !== holder) return 'overtaken'
      const isWritten = await sessions.update(session, {
        ...change(session.content),
        lease: undefined,
      })
      if (isWritten) return 'written'
    }
  }

  /** A sign-out overtook the renewal: what it brought must not outlive the session. */
  async function revokeLeftover(grant: TokenGrant, holder: string): Promise<void> {
    const tokens = tokensOfGrant(grant, clock())
    const planned = revocations.plan(holder, tokens)
    await planned.catch((error) => log.warn({ error }, 'a revocation could not be written down'))
    revocations.start(holder, tokens)
  }

  return renew
}

function unchanged(): object {
  return {}
}

/** What a refresh changes of a session besides the access token. An exchange changes nothing. */
function renewed(
  { refreshToken, refreshExpiresIn, idToken }: TokenGrant,
  content: SessionContent,
  now: number,
): Partial<SessionContent> {
  return {
    idToken: idToken ?? content.idToken,
    refreshToken: refreshToken ?? content.refreshToken,
    refreshExpiresAt:
      refreshExpiresIn === undefined ? content.refreshExpiresAt : now + refreshExpiresIn,
  }
}

/** A grant's access token as it is kept. */
export function toStored(
  { accessToken, expiresIn, tokenType }: TokenGrant,
  obtainedAt: number,
): StoredAccessToken {
  return { accessToken, tokenType, obtainedAt, expiresAt: obtainedAt + expiresIn }
}

/** No answer came: the issuer may have carried the request out. A refusal or a 5xx is an answer. */
function isAnswerLost(error: unknown): boolean {
  return errorCode(error) === 'ERR_IDP_UNAVAILABLE' && (error as Error).cause !== undefined
}

/** There is no session any more that could have a token. */
export function ended(): SallyportError {
  return new SallyportError('ERR_LOGIN_REQUIRED', 'the session is over')
}
