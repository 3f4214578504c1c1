import { SallyportError } from '@sallyport/core'
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose'
import type { IssuerFetch } from './issuer-fetch.ts'

/**
 * The keys that an issuer signs with. They are fetched when the first is needed, and again for an
 * unknown `kid`, at most once a cooldown.
 *
 * @throws `ERR_IDP_UNAVAILABLE` while they cannot be had, `ERR_IDP_RESPONSE_INVALID` while what is
 *   published there is no key set: neither says anything about what is to be verified.
 */
export function createIssuerKeys(jwksUri: string, fetch: IssuerFetch): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(new URL(jwksUri), {
    [customFetch]: (url, request) => fetch(url, request),
  })
  return async (header, token) => {
    try {
      return await keys(header, token)
    } catch (cause) {
      const isGeneric = cause instanceof errors.JOSEError && cause.code === 'ERR_JOSE_GENERIC'
      if (!isGeneric && !(cause instanceof errors.JWKSInvalid)) throw cause
      throw new SallyportError('ERR_IDP_RESPONSE_INVALID', 'there is no key set', { cause })
    }
  }
}
