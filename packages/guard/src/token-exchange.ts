import type { Secret } from '@sallyport/core'
import type { GuardContext } from './context.ts'
import {
  accessTokenType,
  type ObtainedToken,
  type TokenClientOptions,
  type TokenTarget,
} from './token-request.ts'
import { createTokenSource } from './token-source.ts'

/** Calls the next API on behalf of the caller of this one. */
export interface TokenExchange {
  /**
   * Exchanges the access token a request came with for one that the next API accepts. The subject
   * stays the same, so the next API sees the same person.
   *
   * @param subjectToken as `Guard.authorize` gave it: verified, and made for this API.
   * @throws (rejects with) `ERR_IDP_UNAVAILABLE`: try again later; `ERR_TOKEN_INVALID`: the caller
   *   needs a new token; `ERR_TOKEN_EXCHANGE_FAILED`: the issuer does not allow it, or answers
   *   something unexpected. TypeError for a target that is none.
   */
  exchange(subjectToken: Secret, target: TokenTarget): Promise<ObtainedToken>
}

/** How many exchanged tokens are held. */
const capacity = 1000

/**
 * Creates a token exchange client. Results are shared between requests that bring the same token
 * for the same target, for as long as they last.
 *
 * @throws `ERR_CONFIG_INVALID` for options that cannot be used.
 * @see {@link https://www.rfc-editor.org/rfc/rfc8693.html#section-2 RFC 8693, section 2}
 *
 * @example
 * ```ts
 * const { exchange } = createTokenExchange({ issuer, clientId: 'orders-api', privateKey })
 * const target = { resource: 'https://inventory.example', scopes: ['inventory.read'] }
 * const { accessToken } = await exchange(permission.accessToken, target)
 * ```
 */
export function createTokenExchange(
  options: TokenClientOptions,
  context: GuardContext = {},
): TokenExchange {
  const obtain = createTokenSource({ options, context, capacity })

  return {
    exchange: async (subjectToken, target) =>
      obtain(
        {
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token: subjectToken.reveal(),
          subject_token_type: accessTokenType,
          requested_token_type: accessTokenType,
        },
        target,
      ),
  }
}
