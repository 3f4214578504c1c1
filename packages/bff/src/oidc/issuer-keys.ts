import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose'
import type { IssuerFetch } from './issuer-fetch.ts'

/**
 * The keys that an issuer signs with. They are fetched when the first is needed, and again for an
 * unknown `kid`, at most once a cooldown.
 *
 * @throws `ERR_IDP_UNAVAILABLE` while they cannot be had.
 */
export function createIssuerKeys(jwksUri: string, fetch: IssuerFetch): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL(jwksUri), {
    [customFetch]: (url, request) => fetch(url, request),
  })
}
