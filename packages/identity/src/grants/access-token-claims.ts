import type { AccessToken, ClientCredentials, KoaContextWithOIDC } from 'oidc-provider'

/** Claims of an access token beside those of RFC 9068's data structure. */
export type AccessTokenClaims = Record<string, unknown>

/** Hands claims of one token from the grant that makes it to the provider that signs it. */
export interface ClaimsDesk {
  leave(token: AccessToken, claims: AccessTokenClaims): void
  collect(
    ctx: KoaContextWithOIDC,
    token: AccessToken | ClientCredentials,
  ): AccessTokenClaims | undefined
}

/**
 * Creates the desk. A token from a sign-in says how and when the person signed in, so that an API
 * can ask for more (RFC 9470). It does not name the session: its `sid` is between this server and
 * the client, who may end the session with it.
 */
export function createClaimsDesk(): ClaimsDesk {
  const left = new WeakMap<object, AccessTokenClaims>()
  return {
    leave(token, claims) {
      left.set(token, claims)
    },
    collect(ctx, token) {
      const claims = left.get(token)
      if (claims) return claims
      const source = ctx.oidc.entities.AuthorizationCode ?? ctx.oidc.entities.RefreshToken
      if (token.kind !== 'AccessToken' || !source) return undefined
      return withoutUndefined({
        acr: source.acr,
        amr: source.amr,
        auth_time: source.authTime,
      })
    },
  }
}

function withoutUndefined(claims: AccessTokenClaims): AccessTokenClaims {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined))
}
