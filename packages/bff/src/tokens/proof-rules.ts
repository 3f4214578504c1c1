import type { ProofRules } from '@sallyport/core/access-token'
import { type DpopNonces, defaultDpopAlgorithms } from '@sallyport/core/dpop'

/** Seconds by which clocks may differ from ours. */
export const clockTolerance = 5

/**
 * What is asked of the DPoP proofs that apps send.
 *
 * @param publicUrl any URL of the origin where they reach us.
 * @param nonces absent: proofs need none.
 */
export function proofRules({ origin }: URL, nonces: DpopNonces | undefined): ProofRules {
  const dpopAlgorithms = defaultDpopAlgorithms
  return { publicUrl: origin, dpopAlgorithms, dpopMaxAge: 60, clockTolerance, nonces }
}
