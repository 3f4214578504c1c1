import { type Clock, type EpochSeconds, sha256 } from '@sallyport/core'
import type { Awaitable } from '@sallyport/session'
import { createLru } from '../frontends/lru.ts'
import { createDpopKey } from '../oidc/dpop-key.ts'
import type { OidcClient } from '../oidc/oidc-client.ts'
import type { UpstreamToken } from './credentials.ts'
import { freshness } from './freshness.ts'
import { toStored } from './renewal.ts'
import { singleFlight } from './single-flight.ts'
import { type TokenRequest, tokenKey } from './token-request.ts'

/** A verified access token that a caller brought. */
export interface SubjectToken {
  readonly accessToken: string
  readonly expiresAt: EpochSeconds
}

/** The access tokens that callers' own are exchanged for. */
export interface ExchangedTokens {
  /**
   * A token for the same person, never one that outlives the caller's.
   *
   * @throws `ERR_LOGIN_REQUIRED` when the issuer believes the caller's token no longer,
   *   `ERR_TOKEN_UNAVAILABLE` when it grants no such token, `ERR_IDP_UNAVAILABLE`.
   */
  forSubject(subjectToken: SubjectToken, request: TokenRequest): Awaitable<UpstreamToken>
}

/** How many are remembered; the one that was longest unused goes. */
const capacity = 1000

/**
 * Creates the keeper. What was exchanged is in memory only, under the hash of what it was exchanged
 * for and all that was asked for.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8693.html#section-2 RFC 8693, section 2}
 */
export function createExchangedTokens(options: {
  config: { senderConstraint: 'none' | 'dpop' | 'mtls' }
  oidc: Pick<OidcClient, 'exchange'>
  clock: Clock
}): ExchangedTokens {
  const { config, oidc, clock } = options
  const kept = createLru<UpstreamToken>(capacity)
  const obtain = singleFlight(exchange, toKey)

  async function exchange(
    { accessToken, expiresAt }: SubjectToken,
    request: TokenRequest,
  ): Promise<UpstreamToken> {
    const startedAt = clock()
    const { resource, audience, scopes } = request
    const dpopKey = config.senderConstraint === 'dpop' ? createDpopKey() : undefined
    const wanted = { resource, audience, scopes, dpopKey, subjectToken: accessToken }
    const granted = toStored(await oidc.exchange(wanted), startedAt)
    const token = { ...granted, expiresAt: Math.min(granted.expiresAt, expiresAt) }
    const upstreamToken = { token, dpopKey }
    kept.set(nameOf({ accessToken, expiresAt }, request), upstreamToken)
    return upstreamToken
  }

  return {
    forSubject(subjectToken, request) {
      const present = kept.get(nameOf(subjectToken, request))
      if (!present) return obtain(subjectToken, request)
      const { expiresAt } = present.token
      // Its last seconds: no exchange brings one that lasts longer.
      const isLast = expiresAt === subjectToken.expiresAt && expiresAt > clock()
      const isGood = isLast || freshness(present.token, clock()) !== 'stale'
      return isGood ? present : obtain(subjectToken, request)
    },
  }
}

function toKey({ accessToken }: SubjectToken, request: TokenRequest): readonly string[] {
  return [sha256(accessToken), tokenKey(request)]
}

function nameOf(subjectToken: SubjectToken, request: TokenRequest): string {
  return JSON.stringify(toKey(subjectToken, request))
}
