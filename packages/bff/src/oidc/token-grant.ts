import { X509Certificate } from 'node:crypto'
import { SallyportError } from '@sallyport/core'
import { decodeJwt } from 'jose'
import type * as client from 'openid-client'
import type { IssuerConfig } from '../options/issuer-options.ts'
import { type DpopKey, thumbprintOf } from './dpop-key.ts'

/** Tokens that the issuer granted, validated. */
export interface TokenGrant {
  readonly accessToken: string
  /** How the access token is to be presented. */
  readonly tokenType: 'Bearer' | 'DPoP'
  /** Seconds. */
  readonly expiresIn: number
  /** What was granted, when the issuer says so; absent: what was asked for. */
  readonly scope?: string | undefined
  readonly refreshToken?: string | undefined
  /** Seconds until the refresh token ends, when the issuer says so. */
  readonly refreshExpiresIn?: number | undefined
  readonly idToken?: string | undefined
  /** The ID token's claims. */
  readonly claims?: IdTokenClaims | undefined
}

export type IdTokenClaims = client.IDToken

/** What the access token must be bound to. */
export interface TokenBinding {
  readonly tokenType: 'Bearer' | 'DPoP'
  /** The one member that `cnf` must have (RFC 7800 section 3.1). */
  readonly confirmation?: readonly [member: string, value: string] | undefined
}

/** When an issuer does not say how long an access token lives (RFC 6749 section 5.1). */
const assumedLifetime = 300
const longestLifetime = 86_400

/** The binding that the options ask for. */
export async function bindingOf(config: IssuerConfig, key?: DpopKey): Promise<TokenBinding> {
  const { clientAuthentication, senderConstraint } = config
  if (senderConstraint === 'dpop' && key) {
    return { tokenType: 'DPoP', confirmation: ['jkt', await thumbprintOf(key)] }
  }
  if (senderConstraint === 'mtls' && 'certificate' in clientAuthentication) {
    const { fingerprint256 } = new X509Certificate(clientAuthentication.certificate)
    const hash = Buffer.from(fingerprint256.replaceAll(':', ''), 'hex').toString('base64url')
    return { tokenType: 'Bearer', confirmation: ['x5t#S256', hash] }
  }
  return { tokenType: 'Bearer' }
}

/**
 * Takes a token response, if what it grants is bound as it must be.
 *
 * @throws `ERR_IDP_RESPONSE_INVALID` for another token type, and for a JWT that is bound to nothing
 *   or to something else. An access token that is no JWT is not for us to read.
 */
export function toGrant(
  response: client.TokenEndpointResponse & client.TokenEndpointResponseHelpers,
  binding: TokenBinding,
): TokenGrant {
  const { access_token, refresh_token, id_token, token_type, scope } = response
  const { tokenType } = binding
  if (token_type.toLowerCase() !== tokenType.toLowerCase()) {
    throw new SallyportError('ERR_IDP_RESPONSE_INVALID', `the token type is not ${tokenType}`)
  }
  assertBound(access_token, binding)
  const { refresh_expires_in, refresh_token_expires_in } = response
  return {
    accessToken: access_token,
    tokenType,
    expiresIn: toSeconds(response.expires_in ?? assumedLifetime),
    scope,
    refreshToken: refresh_token,
    refreshExpiresIn: refreshLifetime(refresh_expires_in ?? refresh_token_expires_in),
    idToken: id_token,
    claims: response.claims(),
  }
}

/**
 * @see {@link https://www.rfc-editor.org/rfc/rfc8705.html#section-3.1 RFC 8705, section 3.1}
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449.html#section-6.1 RFC 9449, section 6.1}
 */
function assertBound(accessToken: string, { confirmation }: TokenBinding): void {
  const claims = confirmation && readJwt(accessToken)
  if (!claims) return
  const [member, value] = confirmation
  if (Object(claims.cnf)[member] === value) return
  throw new SallyportError('ERR_IDP_RESPONSE_INVALID', 'the access token is not bound to us')
}

function readJwt(accessToken: string): Record<string, unknown> | undefined {
  try {
    return decodeJwt(accessToken)
  } catch {
    return undefined
  }
}

function toSeconds(value: number): number {
  return Math.min(Math.max(0, Math.floor(value)), longestLifetime)
}

/** Keycloak writes 0 for a refresh token without an end. */
function refreshLifetime(value: unknown): number | undefined {
  const seconds = Math.floor(Number(value))
  return value !== null && value !== '' && seconds > 0 && Number.isSafeInteger(seconds)
    ? seconds
    : undefined
}
