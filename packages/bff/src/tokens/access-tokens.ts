import { randomToken, SallyportError } from '@sallyport/core'
import type { Awaitable } from '@sallyport/session'
import type { Session, StoredAccessToken } from '../sessions/session.ts'
import { freshness } from './freshness.ts'
import { holdLease } from './lease-hold.ts'
import { createLeaseWatch } from './lease-watch.ts'
import type { RenewAhead } from './renew-ahead.ts'
import { createRenew, ended, type RenewalOptions, timersOf } from './renewal.ts'
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

export interface AccessTokensOptions extends RenewalOptions {
  renewAhead: RenewAhead
  /** What the token from sign-in is good for: it is what other tokens are exchanged for. */
  signInRequest: TokenRequest
}

const shortestWaitMs = 20
const longestWaitMs = 250

/**
 * Creates the keeper of access tokens. Whoever needs a new one takes the session's lease by
 * compare-and-set, so over all processes and nodes one refresh runs at a time and no refresh token
 * is sent twice; the others wait for what it brings. It is prolonged while its holder lives, and
 * taken over soon after its holder's death.
 */
export function createAccessTokens(options: AccessTokensOptions): AccessTokens {
  const { sessions, clock, log, times, renewAhead, signInRequest } = options
  const { elapsedMs, wait } = timersOf(options)
  const { leaseTime, longestHold } = times
  const watch = createLeaseWatch({ elapsedMs, leaseTime })
  const renew = createRenew(options)
  const obtain = singleFlight(obtainToken, (session, request) => [
    session.record.key,
    tokenKey(request),
  ])

  async function obtainToken(known: Session, request: TokenRequest): Promise<StoredAccessToken> {
    const name = tokenKey(request)
    // The longest that a holder may take, and that its death is found out after it.
    const giveUpAtMs = elapsedMs() + (longestHold + 2 * leaseTime) * 1000
    for (let waitMs = shortestWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
      const session = await sessions.reload(known)
      if (!session) throw ended()
      const token = session.content.accessTokens[name]
      if (token && freshness(token, clock()) === 'fresh') return token
      if (elapsedMs() > giveUpAtMs) throw busy()

      const { lease } = session.record
      if (lease && !watch.isOver(session.record.key, lease)) {
        await wait(waitMs)
        continue
      }
      const renewed = await takeLease(session, request)
      if (renewed) return renewed
    }
  }

  /** @returns `undefined` when somebody else was first. */
  async function takeLease(
    session: Session,
    request: TokenRequest,
  ): Promise<StoredAccessToken | undefined> {
    const isExchange = request.grant === 'exchange'
    if (!isExchange && !session.content.refreshToken) {
      await sessions.end(session, 'expired')
      throw ended()
    }
    const subjectToken = isExchange ? await forSession(session, signInRequest) : undefined
    const holder = randomToken()
    const takenAtMs = elapsedMs()
    const lease = { holder, until: clock() + leaseTime }
    if (!(await sessions.update(session, { lease }))) return undefined
    const hold = holdLease(
      { session, holder, takenAtMs },
      { sessions, clock, log, times, elapsedMs, wait },
    )
    try {
      return await renew(session, { request, subjectToken, hold })
    } finally {
      hold.stop()
    }
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

function busy(): SallyportError {
  return new SallyportError('ERR_IDP_UNAVAILABLE', 'a renewal by another process takes too long')
}
