import { timingSafeEqual, verify } from 'node:crypto'
import { type Clock, systemClock } from '../clock.ts'
import { isCompactJws } from '../compact-jws.ts'
import { SallyportError } from '../errors.ts'
import { sha256 } from '../random.ts'
import {
  type DpopAlgorithm,
  defaultDpopAlgorithms,
  dpopAlgorithms,
  isDpopAlgorithm,
  type SignatureScheme,
  toSigningKey,
} from './algorithms.ts'
import type { DpopContext } from './create-dpop-proof.ts'
import { jwkThumbprint, parsePublicJwk } from './public-jwk.ts'
import { normalizeTargetUri } from './target-uri.ts'

/** The request that a proof came with, and what is asked of proofs. */
export interface DpopExpectation {
  /** Method of the request. */
  htm: string
  /** URL of the request as clients know it, never put together from its `Host`. */
  htu: string
  /** The access token that came along: the proof must be made for it. Absent: there was none. */
  accessToken?: string
  /** Thumbprint of the key that the token or the code is bound to. Absent: any key will do. */
  jkt?: string
  /** @defaultValue ES256, Ed25519, EdDSA, PS256 */
  algorithms?: readonly DpopAlgorithm[]
  /** Seconds a proof is good for after its `iat`. @defaultValue 60 */
  maxAge?: number
  /** Seconds its `iat` may be in the future. @defaultValue 5 */
  clockTolerance?: number
}

/** A proof that holds. */
export interface DpopProof {
  /** Thumbprint of the key that signed it. */
  jkt: string
  /** Names this proof, for its key: it is to be accepted once. */
  jti: string
  /** Seconds since 1970. */
  iat: number
  /** Of the server, to be compared by the caller. */
  nonce?: string
}

/** What fits a header of a reasonable server; an RSA key of 4096 bits needs a third of it. */
const maxProofLength = 8192
const maxJtiLength = 256

/**
 * Verifies a DPoP proof for one request: its form, `typ`, `alg`, embedded public key and signature,
 * `htm`, `htu`, `iat`, `ath`, and which key it is.
 *
 * Does **not** check whether the proof was seen before (`jti` of `jkt`) and whether its `nonce` is
 * one of ours: both need memory or secrets, and are for the caller. A request with more than one
 * `DPoP` header must be refused before.
 *
 * @throws `ERR_DPOP_PROOF_INVALID` when any of this does not hold; the message says what.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449.html#section-4.3 RFC 9449, section 4.3}
 */
export function verifyDpopProof(
  dpopProof: string,
  expected: DpopExpectation,
  context: DpopContext = {},
): DpopProof {
  const { header, payload, signed, signature } = split(dpopProof)
  const jkt = verifySignature({ header, signed, signature }, expected)
  const { jti, htm, htu, iat, nonce } = payload
  if (typeof jti !== 'string' || jti === '' || jti.length > maxJtiLength) throw invalid('jti')
  if (htm !== expected.htm) throw invalid('htm is not the method')
  assertTarget(htu, expected.htu)
  assertFresh(iat, expected, context.clock ?? systemClock)
  assertTokenHash(payload.ath, expected.accessToken)
  if (nonce !== undefined && typeof nonce !== 'string') throw invalid('nonce is not a text')
  if (expected.jkt !== undefined && !equal(expected.jkt, jkt)) throw invalid('another key')
  return { jkt, jti, iat, ...(nonce !== undefined && { nonce }) }
}

interface SplitProof {
  header: Record<string, unknown>
  payload: Record<string, unknown>
  signed: string
  signature: string
}

function split(dpopProof: string): SplitProof {
  if (dpopProof.length > maxProofLength || !isCompactJws(dpopProof)) {
    throw invalid('not a compact JWS of bounded length')
  }
  const [header, payload, signature] = dpopProof.split('.') as [string, string, string]
  return {
    header: parseObject(header),
    payload: parseObject(payload),
    signed: `${header}.${payload}`,
    signature,
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function parseObject(segment: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(utf8.decode(Buffer.from(segment, 'base64url')))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>
    }
  } catch {}
  throw invalid('a part is not a JSON object')
}

function verifySignature(
  { header, signed, signature }: Omit<SplitProof, 'payload'>,
  { algorithms = defaultDpopAlgorithms }: DpopExpectation,
): string {
  const { typ, alg } = header
  if (typ !== 'dpop+jwt') throw invalid('typ is not dpop+jwt')
  if (header.crit !== undefined) throw invalid('crit is not supported')
  if (!isDpopAlgorithm(alg) || !algorithms.includes(alg)) throw invalid('alg is not accepted')
  const found = parsePublicJwk(header.jwk)
  if (!found) throw invalid('jwk is not a public key')
  const { kty, crv, hash }: SignatureScheme = dpopAlgorithms[alg]
  if (found.jwk.kty !== kty || found.jwk.crv !== crv) throw invalid('jwk is not of its alg')
  const key = toSigningKey(found.key)
  if (!verify(hash, Buffer.from(signed), key, Buffer.from(signature, 'base64url'))) {
    throw invalid('signature')
  }
  return jwkThumbprint(found.jwk)
}

function assertTarget(htu: unknown, expected: string): void {
  const target = typeof htu === 'string' ? normalizeTargetUri(htu) : undefined
  if (target === undefined || target !== normalizeTargetUri(expected)) {
    throw invalid('htu is not the URL')
  }
}

function assertFresh(
  iat: unknown,
  { maxAge = 60, clockTolerance = 5 }: DpopExpectation,
  clock: Clock,
): asserts iat is number {
  const age = typeof iat === 'number' ? clock() - iat : Number.NaN
  if (!(age <= maxAge && age >= -clockTolerance)) throw invalid('iat is out of the window')
}

function assertTokenHash(ath: unknown, accessToken: string | undefined): void {
  if (accessToken === undefined) return
  if (typeof ath !== 'string' || !equal(ath, sha256(accessToken))) {
    throw invalid('ath is not of this access token')
  }
}

function equal(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}

function invalid(reason: string): SallyportError {
  return new SallyportError('ERR_DPOP_PROOF_INVALID', `DPoP proof rejected: ${reason}`)
}
