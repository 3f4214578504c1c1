import { constants, type KeyObject } from 'node:crypto'

/** An algorithm that a DPoP proof may be signed with: all asymmetric. */
export type DpopAlgorithm = keyof typeof dpopAlgorithms

/** How an algorithm signs, and which keys it takes. */
export interface SignatureScheme {
  kty: 'EC' | 'OKP' | 'RSA'
  crv?: string
  /** Absent where the algorithm brings its own. */
  hash?: 'sha256' | 'sha384' | 'sha512'
}

/** The algorithms this stack can verify proofs of. */
export const dpopAlgorithms = {
  ES256: { kty: 'EC', crv: 'P-256', hash: 'sha256' },
  ES384: { kty: 'EC', crv: 'P-384', hash: 'sha384' },
  ES512: { kty: 'EC', crv: 'P-521', hash: 'sha512' },
  Ed25519: { kty: 'OKP', crv: 'Ed25519' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
  PS256: { kty: 'RSA', hash: 'sha256' },
  PS384: { kty: 'RSA', hash: 'sha384' },
  PS512: { kty: 'RSA', hash: 'sha512' },
} as const satisfies Record<string, SignatureScheme>

/** Those that are accepted unless said otherwise. */
export const defaultDpopAlgorithms: readonly DpopAlgorithm[] = [
  'ES256',
  'Ed25519',
  'EdDSA',
  'PS256',
]

/** Whether a header's `alg` is one of {@link dpopAlgorithms}. */
export function isDpopAlgorithm(alg: unknown): alg is DpopAlgorithm {
  return typeof alg === 'string' && Object.hasOwn(dpopAlgorithms, alg)
}

/** A key as `node:crypto` signs and verifies JWS with: raw ECDSA, PSS with a salt of the hash. */
export function toSigningKey(key: KeyObject) {
  return {
    key,
    dsaEncoding: 'ieee-p1363',
    ...(key.asymmetricKeyType === 'rsa' && {
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    }),
  } as const
}
