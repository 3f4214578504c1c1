import { createPublicKey, type KeyObject } from 'node:crypto'
import { sha256 } from '../random.ts'

/** A public key as a JWK, its required members only, in the order of RFC 7638. */
export type PublicJwk = Readonly<Record<string, string>>

const requiredMembers: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
}

const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** Shorter RSA keys can be broken, longer ones and odd exponents make us work for strangers. */
const rsaBits = { least: 2048, most: 4096 }
const usualExponent = 65_537n

/**
 * The thumbprint of a public key: SHA-256 of its required members, base64url. It is what `jkt` in
 * a token's `cnf` holds.
 *
 * @param jwk may have other members, which do not count.
 * @throws TypeError for a key type that is not EC, OKP or RSA, or a member that is missing.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7638.html#section-3 RFC 7638, section 3}
 */
export function jwkThumbprint(jwk: object): string {
  const required = pickRequired(jwk as Record<string, unknown>)
  if (!required) throw new TypeError('not a public key as a JWK')
  return sha256(JSON.stringify(required))
}

/**
 * Reads a public key that a stranger sent.
 *
 * @returns `undefined` for a key that has private members, is symmetric, of an unknown type, not
 *   on its curve, written in an unusual way, or RSA outside of 2048 to 4096 bits.
 */
export function parsePublicJwk(jwk: unknown): { key: KeyObject; jwk: PublicJwk } | undefined {
  if (typeof jwk !== 'object' || jwk === null) return undefined
  if (secretMembers.some((name) => Object.hasOwn(jwk, name))) return undefined
  const required = pickRequired(jwk as Record<string, unknown>)
  if (!required) return undefined
  const key = importKey(required)
  if (!key || !isReasonable(key)) return undefined
  // One key has one spelling, so that it has one thumbprint.
  const exported = pickRequired(key.export({ format: 'jwk' }) as Record<string, unknown>)
  const same = JSON.stringify(exported) === JSON.stringify(required)
  return same ? { key, jwk: required } : undefined
}

function pickRequired(jwk: Record<string, unknown>): PublicJwk | undefined {
  const { kty } = jwk
  if (typeof kty !== 'string' || !Object.hasOwn(requiredMembers, kty)) return undefined
  const names = requiredMembers[kty] as readonly string[]
  if (names.some((name) => typeof jwk[name] !== 'string')) return undefined
  return Object.fromEntries(names.map((name) => [name, jwk[name] as string]))
}

function importKey(jwk: PublicJwk): KeyObject | undefined {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' })
  } catch {
    return undefined
  }
}

function isReasonable({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (asymmetricKeyType !== 'rsa') return true
  const { modulusLength = 0, publicExponent } = asymmetricKeyDetails ?? {}
  const { least, most } = rsaBits
  return modulusLength >= least && modulusLength <= most && publicExponent === usualExponent
}
