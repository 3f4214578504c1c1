import type { GuardContext } from './context.ts'
import type { ObtainedToken, TokenClientOptions, TokenTarget } from './token-request.ts'
import { createTokenSource } from './token-source.ts'

/** Calls an API in a client's own name, where no person is involved. */
export interface ClientCredentials {
  /**
   * A token for the target, shared until shortly before its end.
   *
   * @throws (rejects with) `ERR_IDP_UNAVAILABLE`: try again later; `ERR_TOKEN_EXCHANGE_FAILED`:
   *   the issuer does not allow it, or answers something unexpected. TypeError for a target that
   *   is none.
   */
  obtain(target: TokenTarget): Promise<ObtainedToken>
}

/** How many tokens are held: one a target. */
const capacity = 100

/**
 * Creates a client credentials client. Never use it in place of an exchange that failed: the next
 * API would no longer know for whom it acts.
 *
 * @throws `ERR_CONFIG_INVALID` for options that cannot be used.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749.html#section-4.4 RFC 6749, section 4.4}
 */
export function createClientCredentials(
  options: TokenClientOptions,
  context: GuardContext = {},
): ClientCredentials {
  const obtain = createTokenSource({ options, context, capacity })
  return { obtain: (target) => obtain({ grant_type: 'client_credentials' }, target) }
}
