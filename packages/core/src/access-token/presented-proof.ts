import type { Clock } from '../clock.ts'
import type { DpopAlgorithm } from '../dpop/algorithms.ts'
import type { DpopNonces } from '../dpop/nonces.ts'
import { type DpopProof, verifyDpopProof } from '../dpop/verify-dpop-proof.ts'
import { SallyportError } from '../errors.ts'
import { sha256 } from '../random.ts'
import { headerValues, type TokenRequestHead } from './presented-token.ts'

/** Remembers what may be used once only. A session store of `@sallyport/session` is one. */
export interface Replays {
  /**
   * Remembers `id` until `expiresAt` (seconds since 1970).
   *
   * @returns whether it is the first time; of all callers in all processes one gets `true`.
   */
  claim(id: string, expiresAt: number): boolean | Promise<boolean>
}

/** A request, and what its proof must be made for. */
export interface PresentedProof {
  request: TokenRequestHead
  /** The token that came along. Absent: there was none. */
  accessToken?: string
  /** Thumbprint of the key that the token or the code is bound to. Absent: any key will do. */
  jkt?: string
}

/** What is asked of proofs. Seconds. */
export interface ProofRules {
  /** Where clients reach what this server sees as `/`: what `htu` must begin with. */
  publicUrl?: string | undefined
  dpopAlgorithms: readonly DpopAlgorithm[]
  /** How long a proof is good for after its `iat`. */
  dpopMaxAge: number
  clockTolerance: number
  /** Absent: proofs need no nonce of this server. */
  nonces?: DpopNonces | undefined
}

/** Time, and a memory of the proofs that were used. */
export interface ProofContext {
  clock: Clock
  replays: Replays
}

/**
 * Asserts that a request brings one DPoP proof, made for it and with the right key, and that it
 * is its first use.
 *
 * @throws `ERR_DPOP_PROOF_INVALID`, `ERR_DPOP_NONCE_REQUIRED`, `ERR_REPLAY_STORE_UNAVAILABLE`.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449.html#section-4.3 RFC 9449, section 4.3}
 */
export async function assertProof(
  presented: PresentedProof,
  rules: ProofRules,
  context: ProofContext,
): Promise<DpopProof> {
  const proof = verifyProof(presented, rules, context)
  if (rules.nonces && !rules.nonces.accepts(proof.nonce)) {
    throw new SallyportError('ERR_DPOP_NONCE_REQUIRED', 'no nonce of this server, or an old one')
  }
  await assertFirstUse(proof, rules, context)
  return proof
}

function verifyProof(
  { request, accessToken, jkt }: PresentedProof,
  { publicUrl, dpopAlgorithms, dpopMaxAge, clockTolerance }: ProofRules,
  { clock }: ProofContext,
): DpopProof {
  const [dpopProof, ...more] = headerValues(request.headers, 'dpop')
  if (dpopProof === undefined) throw invalidProof('there is none')
  if (more.length > 0) throw invalidProof('more than one')
  const { method, url = '' } = request
  if (method === undefined || !url.startsWith('/')) {
    throw invalidProof('the method and an origin-form target are not known')
  }
  const expected = {
    htm: method,
    htu: `${publicUrl?.replace(/\/$/, '')}${url}`,
    ...(accessToken !== undefined && { accessToken }),
    ...(jkt !== undefined && { jkt }),
    algorithms: dpopAlgorithms,
    maxAge: dpopMaxAge,
    clockTolerance,
  }
  return verifyDpopProof(dpopProof, expected, { clock })
}

async function assertFirstUse(
  { jkt, jti, iat }: DpopProof,
  { dpopMaxAge, clockTolerance }: ProofRules,
  { replays }: ProofContext,
): Promise<void> {
  // Longer than any instance accepts the proof, whose clock may be off.
  const expiresAt = Math.ceil(iat) + dpopMaxAge + clockTolerance + 1
  const first = await claim(() => replays.claim(`dpop.${sha256(`${jkt} ${jti}`)}`, expiresAt))
  if (!first) throw invalidProof('used before')
}

async function claim(ask: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return await ask()
  } catch (cause) {
    const message = 'it cannot be known whether the proof was used before'
    throw new SallyportError('ERR_REPLAY_STORE_UNAVAILABLE', message, { cause })
  }
}

function invalidProof(reason: string): SallyportError {
  return new SallyportError('ERR_DPOP_PROOF_INVALID', `DPoP proof rejected: ${reason}`)
}
