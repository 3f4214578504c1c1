import { setTimeout as delay } from 'node:timers/promises'
import { type Clock, errorCode, randomToken, SallyportError } from '@sallyport/core'
import type { Awaitable, SessionKey } from '@sallyport/session'
import type { Logger } from '@sallyport/telemetry'
import type { OidcClient } from '../oidc/oidc-client.ts'
import type { TokenGrant } from '../oidc/token-grant.ts'
import type { Session, SessionContent, StoredAccessToken } from '../sessions/session.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { freshness } from './freshness.ts'
import { singleFlight } from './single-flight.ts'

/** Gives requests the access token they need, and keeps it fresh. */
export interface AccessTokens {
  /**
   * The access token for a resource (empty: what the issuer gives unasked), at once when the
   * session has a good one.
   *
   * @throws `ERR_LOGIN_REQUIRED` when the session can have none any more; it is ended then.
   *   `ERR_IDP_UNAVAILABLE` when only the issuer is missing; the session stays.
   */
  forResource(session: Session, resource: string): Awaitable<string>
}

export interface AccessTokensOptions {
  sessions: Sessions
  oidc: OidcClient
  clock: Clock
  log: Logger
  /** Seconds; longer than the issuer's time-out, so that a live holder keeps its lease. */
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
  const { sessions, oidc, clock, log, leaseTime } = options
  const renew = singleFlight(renewToken)

  async function renewToken(key: SessionKey, resource: string): Promise<string> {
    const giveUpAt = clock() + leaseTime * 2
    for (let waitMs = shortestWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
      const session = await sessions.read(key)
      if (!session) throw ended()
      const token = session.content.accessTokens[resource]
      if (token && freshness(token, clock()) === 'fresh') return token.accessToken

      const { lease } = session.record
      if (lease && lease.until > clock()) {
        if (clock() > giveUpAt) throw busy()
        await delay(waitMs)
        continue
      }
      const { refreshToken } = session.content
      if (!refreshToken) {
        await sessions.end(key)
        throw ended()
      }
      const holder = randomToken()
      const isHeld = await sessions.update(session, {
        lease: { holder, until: clock() + leaseTime },
      })
      if (isHeld) return refreshUnderLease(session, { resource, refreshToken, holder })
    }
  }

  async function refreshUnderLease(session: Session, held: HeldLease): Promise<string> {
    const { key, subject } = session.record
    const startedAt = clock()
    let grant: TokenGrant
    try {
      grant = await oidc.refresh({
        subject,
        refreshToken: held.refreshToken,
        resource: held.resource || undefined,
        dpopKey: session.content.dpopKey,
      })
    } catch (error) {
      if (errorCode(error) === 'ERR_LOGIN_REQUIRED') {
        log.info({ event: 'session_expired', reason: 'refresh_rejected' }, 'the session is over')
        await sessions.end(key)
      } else {
        log.warn({ error }, 'an access token could not be renewed')
        await settle(key, held.holder, () => ({}))
      }
      throw error
    }
    const token = toStored(grant, startedAt)
    const isSettled = await settle(key, held.holder, (content) => ({
      content: {
        ...content,
        idToken: grant.idToken ?? content.idToken,
        refreshToken: grant.refreshToken ?? content.refreshToken,
        accessTokens: { ...content.accessTokens, [held.resource]: token },
      },
    }))
    if (!isSettled) {
      await revokeLeftover(grant)
      throw ended()
    }
    log.info(
      { event: 'authn_token_created', resource: held.resource },
      'an access token was renewed',
    )
    return token.accessToken
  }

  /** Writes the outcome and gives the lease back; `false` when session or lease are gone. */
  async function settle(
    key: SessionKey,
    holder: string,
    change: (content: SessionContent) => { content?: SessionContent },
  ): Promise<boolean> {
    for (;;) {
      const session = await sessions.read(key)
      if (session?.record.lease?.holder !== holder) return false
      const isWritten = await sessions.update(session, {
        ...change(session.content),
        lease: undefined,
      })
      if (isWritten) return true
    }
  }

  /** A sign-out overtook the refresh: what it brought must not outlive the session. */
  async function revokeLeftover({ refreshToken }: TokenGrant): Promise<void> {
    if (!refreshToken) return
    await oidc
      .revoke(refreshToken, 'refresh_token')
      .catch((error) => log.warn({ error }, 'a revocation failed'))
  }

  return {
    forResource(session, resource) {
      const token = session.content.accessTokens[resource]
      const state = freshness(token, clock())
      if (!token || state === 'stale') return renew(session.record.key, resource)
      if (state === 'aging' && session.content.refreshToken) {
        renew(session.record.key, resource).catch((error) => {
          log.debug({ error }, 'a token is not renewed ahead')
        })
      }
      return token.accessToken
    },
  }
}

interface HeldLease {
  resource: string
  refreshToken: string
  holder: string
}

/** A grant's access token as it is kept. */
export function toStored(grant: TokenGrant, obtainedAt: number): StoredAccessToken {
  return {
    accessToken: grant.accessToken,
    obtainedAt,
    expiresAt: obtainedAt + grant.expiresIn,
  }
}

function ended(): SallyportError {
  return new SallyportError('ERR_LOGIN_REQUIRED', 'the session is over')
}

function busy(): SallyportError {
  return new SallyportError('ERR_IDP_UNAVAILABLE', 'a renewal by another process takes too long')
}
