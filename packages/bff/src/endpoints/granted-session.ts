import { SallyportError, sha256 } from '@sallyport/core'
import type { BffContext } from '../context.ts'
import type { Transaction } from '../cookies.ts'
import { tokensOfGrant } from '../logout/revocable-tokens.ts'
import type { IdTokenClaims, TokenGrant } from '../oidc/token-grant.ts'
import type { SessionContent } from '../sessions/session.ts'
import { toStored } from '../tokens/renewal.ts'
import { tokenKey } from '../tokens/token-request.ts'

/**
 * What the session of a grant holds at first.
 *
 * @throws `ERR_IDP_RESPONSE_INVALID` when nobody says who signed in.
 */
export function contentOf(
  grant: TokenGrant,
  { dpopKey }: Transaction,
  { clock, log, signInRequest }: BffContext,
): { claims: IdTokenClaims; content: SessionContent } {
  const { claims, idToken } = grant
  if (!claims || !idToken) {
    throw new SallyportError('ERR_IDP_RESPONSE_INVALID', 'the issuer sent no ID token')
  }
  if (!grant.refreshToken) {
    log.warn('the issuer gave no refresh token: this session lasts as long as its access token')
  }
  const content: SessionContent = {
    claims,
    idToken,
    refreshToken: grant.refreshToken,
    refreshExpiresAt: grant.refreshExpiresIn && clock() + grant.refreshExpiresIn,
    dpopKey,
    accessTokens: { [tokenKey(signInRequest)]: toStored(grant, clock()) },
  }
  return { claims, content }
}

/** No session will ever use what the issuer granted. */
export async function revokeGrant(
  grant: TokenGrant,
  { state }: Transaction,
  { clock, log, revocations }: BffContext,
): Promise<void> {
  const tokens = tokensOfGrant(grant, clock())
  const planned = revocations.plan(sha256(state), tokens)
  await planned.catch((error) => log.warn({ error }, 'a revocation could not be written down'))
  revocations.start(sha256(state), tokens)
}
