import { setTimeout as delay } from 'node:timers/promises'
import { type Clock, errorCode, randomToken, SallyportError } from '@sallyport/core'
import type { Awaitable } from '@sallyport/session'
import type { Logger } from '@sallyport/telemetry'
import type { OidcClient } from '../oidc/oidc-client.ts'
import type { TokenGrant } from '../oidc/token-grant.ts'
import type { Session, SessionContent, StoredAccessToken } from '../sessions/session.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { freshness } from './freshness.ts'
import type { RenewAhead } from './renew-ahead.ts'
import { singleFlight } from './single-flight.ts'
import { type TokenRequest, tokenKey } from './token-request.ts'

/** Gives requests the access token they need, and keeps it fresh. */
export interface AccessTokens {
  /**
   * The session's access token for a request, at once when the session has a good one.
   *
   * @throws `ERR_LOGIN_REQUIRED` when the session can have none any more; it is ended then.
   *   `ERR_IDP_UNAVAILABLE` when only the issuer is missing; the session stays.
   */
  forSession(session: Session, request: TokenRequest): Awaitable<StoredAccessToken>
}

export interface AccessTokensOptions {
  sessions: Sessions
  oidc: OidcClient
  clock: Clock
  log: Logger
  renewAhead: RenewAhead
  /** What the token from sign-in is good for: it is what other tokens are exchanged for. */
  signInRequest: TokenRequest
  /** Seconds; longer than all attempts at the issuer, so that a live holder keeps its lease. */
  leaseTime: number
}

const shortestWaitMs = 20
const longestWaitMs = 250

/**
 * Creates the keeper of access tokens. Whoever needs a new one takes the session's lease by
 * compare-and-set, so over all processes and nodes one refresh runs at a time and no refresh token
 * is sent twice; the others wait for what it brings. A dead holder's lease is taken over.
 */
export function createAccessTokens(options: AccessTokensOptions): AccessTokens {
  const { sessions, oidc, clock, log, leaseTime, renewAhead, signInRequest } = options
  const obtain = singleFlight(obtainToken, (session, request) => [
    session.record.key,
    tokenKey(request),
  ])

  async function obtainToken(known: Session, request: TokenRequest): Promise<StoredAccessToken> {
    const name = tokenKey(request)
    const giveUpAt = clock() + leaseTime * 2
    for (let waitMs = shortestWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
      const session = await sessions.reload(known)
      if (!session) throw ended()
      const token = session.content.accessTokens[name]
      if (token && freshness(token, clock()) === 'fresh') return token

      const { lease } = session.record
      if (lease && lease.until > clock()) {
        if (clock() > giveUpAt) throw busy()
        await delay(waitMs)
        continue
      }
      const { refreshToken } = session.content
      if (!refreshToken && request.grant !== 'exchange') {
        await sessions.end(session, 'expired')
        throw ended()
      }
      const subjectToken =
        request.grant === 'exchange' ? await forSession(session, signInRequest) : undefined
      const holder = randomToken()
      const isHeld = await sessions.update(session, {
        lease: { holder, until: clock() + leaseTime },
      })
      if (isHeld) return renewUnderLease(session, { request, holder, subjectToken })
    }
  }

  async function renewUnderLease(session: Session, held: HeldLease): Promise<StoredAccessToken> {
    const startedAt = clock()
    let grant: TokenGrant
    try {
      grant = await ask(session, held)
    } catch (error) {
      if (errorCode(error) === 'ERR_LOGIN_REQUIRED') {
        log.info({ event: 'session_expired', reason: 'refresh_rejected' }, 'the session is over')
        await sessions.end(session, 'refresh_rejected')
      } else {
        log.warn({ error }, 'an access token could not be renewed')
        await settle(session, held.holder, () => ({}))
      }
      throw error
    }
    const token = toStored(grant, startedAt)
    const name = tokenKey(held.request)
    const isSettled = await settle(session, held.holder, (content) => ({
      content: {
        ...content,
        ...renewed(grant, content, startedAt),
        accessTokens: { ...content.accessTokens, [name]: token },
      },
    }))
    if (!isSettled) {
      await revokeLeftover(grant)
      throw ended()
    }
    log.info(
      { event: 'authn_token_created', resource: held.request.resource },
      'an access token was renewed',
    )
    return token
  }

  function ask({ record, content }: Session, held: HeldLease): Promise<TokenGrant> {
    const { resource, audience, scopes } = held.request
    const wanted = { resource, audience, scopes, dpopKey: content.dpopKey }
    const { subjectToken } = held
    if (subjectToken) return oidc.exchange({ ...wanted, subjectToken: subjectToken.accessToken })
    const refreshToken = content.refreshToken as string
    return oidc.refresh({ ...wanted, refreshToken, subject: record.subject })
  }

  /** Writes the outcome and gives the lease back; `false` when session or lease are gone. */
  async function settle(
    known: Session,
    holder: string,
    change: (content: SessionContent) => { content?: SessionContent },
  ): Promise<boolean> {
    for (;;) {
      const session = await sessions.reload(known)
      if (session?.record.lease?.holder !== holder) return false
      const isWritten = await sessions.update(session, {
        ...change(session.content),
        lease: undefined,
      })
      if (isWritten) return true
    }
  }

  /** A sign-out overtook the renewal: what it brought must not outlive the session. */
  async function revokeLeftover({ refreshToken }: TokenGrant): Promise<void> {
    if (!refreshToken) return
    const revoked = oidc.revoke(refreshToken, 'refresh_token')
    await revoked.catch((error) => log.warn({ error }, 'a revocation failed'))
  }

  function forSession(session: Session, request: TokenRequest): Awaitable<StoredAccessToken> {
    const token = session.content.accessTokens[tokenKey(request)]
    const state = freshness(token, clock())
    if (!token || state === 'stale') return obtain(session, request)
    if (state === 'aging' && session.content.refreshToken) {
      renewAhead.start(() => obtain(session, request))
    }
    return token
  }

  return { forSession }
}

interface HeldLease {
  request: TokenRequest
  holder: string
  /** What is exchanged; absent: the refresh token is used. */
  subjectToken: StoredAccessToken | undefined
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

function ended(): SallyportError {
  return new SallyportError('ERR_LOGIN_REQUIRED', 'the session is over')
}

function busy(): SallyportError {
  return new SallyportError('ERR_IDP_UNAVAILABLE', 'a renewal by another process takes too long')
}
