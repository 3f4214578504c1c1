import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { SallyportError } from '../errors.ts'
import { createSecret, type Secret } from '../secret.ts'
import { jwkThumbprint, parsePublicJwk } from './public-jwk.ts'

/** A P-256 key pair to sign proofs with. Does not print. */
export interface DpopKey {
  readonly privateKey: KeyObject
  /** Thumbprint of the public half: what `dpop_jkt` of an authorization request says. */
  readonly jkt: string
  /** The first part of every proof by this key, base64url. */
  readonly header: string
}

/** Makes a new key. Takes about as long as one signature. */
export function generateDpopKey(): DpopKey {
  return toDpopKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
}

/** The key as text (a private JWK), to be sealed; {@link importDpopKey} reads it. */
export function exportDpopKey({ privateKey }: DpopKey): Secret {
  return createSecret(JSON.stringify(privateKey.export({ format: 'jwk' })))
}

/**
 * Reads a key that {@link exportDpopKey} wrote, or any private JWK of the curve P-256.
 *
 * @throws `ERR_CONFIG_INVALID` when it is none.
 */
export function importDpopKey(exported: Secret): DpopKey {
  try {
    const jwk = JSON.parse(exported.reveal()) as Record<string, unknown>
    return toDpopKey(createPrivateKey({ key: jwk, format: 'jwk' }))
  } catch {
    // The platform's error can quote the key, so it is not kept as the cause.
    throw new SallyportError('ERR_CONFIG_INVALID', 'DPoP key: not a private P-256 key as a JWK')
  }
}

function toDpopKey(privateKey: KeyObject): DpopKey {
  const { d: _, ...publicMembers } = privateKey.export({ format: 'jwk' })
  const jwk = parsePublicJwk(publicMembers)?.jwk
  if (jwk?.crv !== 'P-256') throw new TypeError('not P-256')
  const header = JSON.stringify({ typ: 'dpop+jwt', alg: 'ES256', jwk })
  return {
    privateKey,
    jkt: jwkThumbprint(jwk),
    header: Buffer.from(header).toString('base64url'),
  }
}
