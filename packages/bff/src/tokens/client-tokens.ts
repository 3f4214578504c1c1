import type { Clock } from '@sallyport/core'
import type { Awaitable } from '@sallyport/session'
import { createDpopKey } from '../oidc/dpop-key.ts'
import type { OidcClient } from '../oidc/oidc-client.ts'
import type { UpstreamToken } from './credentials.ts'
import { freshness } from './freshness.ts'
import type { RenewAhead } from './renew-ahead.ts'
import { toStored } from './renewal.ts'
import { singleFlight } from './single-flight.ts'
import { type TokenRequest, tokenKey } from './token-request.ts'

/** The BFF's own access tokens, one for each thing that routes ask for. */
export interface ClientTokens {
  /**
   * @throws `ERR_IDP_UNAVAILABLE` while the issuer cannot be asked, `ERR_TOKEN_UNAVAILABLE` when it
   *   grants this client no such token.
   */
  forRequest(request: TokenRequest): Awaitable<UpstreamToken>
}

/**
 * Creates the keeper of the BFF's own tokens (RFC 6749 section 4.4). They are in memory only, as
 * many as routes ask for differently; each process has its own.
 */
export function createClientTokens(options: {
  oidc: OidcClient
  clock: Clock
  renewAhead: RenewAhead
}): ClientTokens {
  const { oidc, clock, renewAhead } = options
  const kept = new Map<string, UpstreamToken>()
  const dpopKey = createDpopKey()
  const obtain = singleFlight(
    async (request: TokenRequest) => {
      const startedAt = clock()
      const { resource, audience, scopes } = request
      const wanted = { resource, audience, scopes, dpopKey }
      const token = toStored(await oidc.clientCredentials(wanted), startedAt)
      kept.set(tokenKey(request), { token, dpopKey })
      return { token, dpopKey }
    },
    (request) => [tokenKey(request)],
  )

  return {
    forRequest(request) {
      const present = kept.get(tokenKey(request))
      const state = freshness(present?.token, clock())
      if (!present || state === 'stale') return obtain(request)
      if (state === 'aging') renewAhead.start(() => obtain(request))
      return present
    },
  }
}
