import { errors, type JWTVerifyGetKey, type JWTVerifyResult, jwtVerify } from 'jose'
import type { Clock } from '../clock.ts'
import { isCompactJws } from '../compact-jws.ts'
import { SallyportError } from '../errors.ts'
import { type AccessTokenClaims, parseClaims } from './claims.ts'

/** What an access token must match. Seconds. */
export interface AccessTokenExpectation {
  issuer: string
  audience: string
  algorithms: readonly string[]
  clockTolerance: number
  /** Finds the issuer's key for a token. Its `SallyportError`s pass as they are. */
  keys: JWTVerifyGetKey
}

const requiredClaims = ['iss', 'sub', 'aud', 'exp', 'iat', 'jti', 'client_id']

/**
 * Verifies a JWT access token: its form, `typ`, algorithm, signature, `iss`, `aud`, dates, and
 * that all required claims are there.
 *
 * Does not check scopes, not who presents it (`cnf`: see `assertSender`), and not whether the
 * token was revoked since it was issued.
 *
 * @param accessToken compact JWS, without the scheme before it.
 * @throws `ERR_TOKEN_INVALID` when any of this does not hold; `cause` is jose's error.
 *   `ERR_ISSUER_KEYS_UNAVAILABLE` when it could not be found out.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9068.html#section-4 RFC 9068, section 4}
 */
export async function verifyAccessToken(
  accessToken: string,
  config: AccessTokenExpectation,
  { clock }: { clock: Clock },
): Promise<AccessTokenClaims> {
  if (!isCompactJws(accessToken)) throw invalid('not a compact JWS of bounded length')
  const now = clock()
  const { payload, protectedHeader } = await verifySigned(accessToken, config, now)
  if (protectedHeader.crit !== undefined) throw invalid('crit is not supported')
  const claims = parseClaims(payload)
  if (!claims) throw invalid('a claim is not of its type')
  if (claims.iat > now + config.clockTolerance) throw invalid('issued in the future')
  return claims
}

async function verifySigned(
  accessToken: string,
  config: AccessTokenExpectation,
  now: number,
): Promise<JWTVerifyResult> {
  const { issuer, audience, algorithms, clockTolerance, keys } = config
  try {
    return await jwtVerify(accessToken, keys, {
      typ: 'at+jwt',
      issuer,
      audience,
      algorithms: [...algorithms],
      clockTolerance,
      currentDate: new Date(now * 1000),
      requiredClaims,
    })
  } catch (cause) {
    if (cause instanceof SallyportError) throw cause
    if (cause instanceof errors.JOSEError) throw invalid(cause.message, cause)
    // Whatever else WebCrypto or jose throw is about the key, such as RSA below 2048 bits.
    throw new SallyportError('ERR_ISSUER_KEYS_UNAVAILABLE', 'the key cannot verify', { cause })
  }
}

function invalid(reason: string, cause?: unknown): SallyportError {
  return new SallyportError('ERR_TOKEN_INVALID', `access token rejected: ${reason}`, { cause })
}
