import { createPrivateKey, type JsonWebKey } from 'node:crypto'
import * as z from 'zod'
import type { PrivateJwk } from './issuer-options.ts'

interface KeyRule {
  kty: string
  crv?: string
}

const rsa: KeyRule = { kty: 'RSA' }
const ed25519: KeyRule = { kty: 'OKP', crv: 'Ed25519' }

/** The key that an algorithm needs (RFC 7518 section 3.1, RFC 8037 section 3.1). */
const keyRules: Readonly<Record<string, KeyRule>> = {
  ...{ RS256: rsa, RS384: rsa, RS512: rsa, PS256: rsa, PS384: rsa, PS512: rsa },
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  ES512: { kty: 'EC', crv: 'P-521' },
  EdDSA: ed25519,
  Ed25519: ed25519,
}

const shortestModulus = 2048

/** A private JWK that can sign with the algorithm it names. Its problems never show the key. */
export const privateJwk: z.ZodType<PrivateJwk, PrivateJwk> = z
  .looseObject({ kty: z.string(), kid: z.string().min(1), alg: z.string() })
  .superRefine((jwk, context) => {
    const message = problemOf(jwk)
    if (message) context.addIssue({ code: 'custom', message })
  })

function problemOf(jwk: PrivateJwk): string | undefined {
  const rule = Object.hasOwn(keyRules, jwk.alg) ? keyRules[jwk.alg] : undefined
  if (!rule) return `alg must be one of ${Object.keys(keyRules).join(', ')}`
  if (jwk.kty !== rule.kty || (rule.crv && jwk.crv !== rule.crv)) {
    return `alg needs a key with kty ${rule.kty}${rule.crv ? ` and crv ${rule.crv}` : ''}`
  }
  if (!('d' in jwk)) return 'must be a private key'
  try {
    const key = createPrivateKey({ key: jwk as JsonWebKey, format: 'jwk' })
    const length = key.asymmetricKeyDetails?.modulusLength ?? shortestModulus
    return length < shortestModulus ? `must have at least ${shortestModulus} bits` : undefined
  } catch {
    return 'is no usable private key'
  }
}
