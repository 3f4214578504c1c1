import { createPrivateKey, type KeyObject } from 'node:crypto'
import { SallyportError } from '@sallyport/core'
import { type JWK, SignJWT } from 'jose'

/** Signs one assertion for one request. */
export type SignAssertion = (now: number) => Promise<string>

/** Seconds an assertion is good for: long enough for one request. */
const lifetime = 60

/**
 * Creates the proof of a confidential client (`private_key_jwt`). Its audience is the issuer, as a
 * string: an assertion got out by one server can thus not be used at another.
 *
 * @throws `ERR_CONFIG_INVALID` when `privateKey` is not a private EC, OKP or RSA key.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7523.html#section-3 RFC 7523, section 3}
 */
export function createAssertionSigner(options: {
  issuer: string
  clientId: string
  privateKey: JWK
}): SignAssertion {
  const { issuer, clientId, privateKey } = options
  const key = importPrivateKey(privateKey)
  const header = {
    alg: signatureAlgorithm(privateKey),
    typ: 'JWT',
    ...(privateKey.kid !== undefined && { kid: privateKey.kid }),
  }

  return (now) =>
    new SignJWT({ jti: crypto.randomUUID() })
      .setProtectedHeader(header)
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(issuer)
      .setIssuedAt(now)
      .setExpirationTime(now + lifetime)
      .sign(key)
}

function importPrivateKey(jwk: JWK): KeyObject {
  try {
    return createPrivateKey({ key: jwk as Record<string, unknown>, format: 'jwk' })
  } catch {
    // The platform's error can quote the key, so it is not kept as the cause.
    throw new SallyportError('ERR_CONFIG_INVALID', 'privateKey: not a private key as a JWK')
  }
}

const algorithmsByCurve: Record<string, string> = {
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
  Ed25519: 'EdDSA',
}

function signatureAlgorithm({ alg, kty, crv }: JWK): string {
  const derived = kty === 'RSA' ? 'PS256' : algorithmsByCurve[crv ?? '']
  const algorithm = alg ?? derived
  if (algorithm) return algorithm
  throw new SallyportError('ERR_CONFIG_INVALID', 'privateKey: no signature algorithm for its curve')
}
