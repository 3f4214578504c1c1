import type { ProofRules } from '@sallyport/core/access-token'
import { defaultDpopAlgorithms } from '@sallyport/core/dpop'

/** Seconds by which clocks may differ from ours. */
export const clockTolerance = 5

/**
 * What is asked of the DPoP proofs that apps send.
 *
 * @param publicUrl any URL of the origin where they reach us.
 */
export function proofRules({ origin }: URL): ProofRules {
  const dpopAlgorithms = defaultDpopAlgorithms
  return { publicUrl: origin, dpopAlgorithms, dpopMaxAge: 60, clockTolerance }
}
