import { type Clock, deriveSecrets, type SealKey } from '@sallyport/core'
import { createDpopNonces, type DpopNonces } from '@sallyport/core/dpop'
import type { HeaderList } from '../decision.ts'
import type { ProofConfig } from '../options/proof-options.ts'

/**
 * The nonces that apps' proofs must hold, which nobody stores: they follow from the seal keys and the
 * time, so all processes have the same. While the ring is rotated, those of older keys count too.
 *
 * @returns `undefined` when none are asked for.
 */
export function createProofNonces(
  config: { callerProofs: ProofConfig; sealKeys: readonly SealKey[]; frontend: string },
  clock: Clock,
): DpopNonces | undefined {
  if (config.callerProofs.nonce === 'none') return undefined
  const secrets = deriveSecrets(config.sealKeys, `caller-nonce:${config.frontend}`)
  const all = secrets.map((secret) => createDpopNonces(secret, { clock }))
  return {
    current: () => (all[0] as DpopNonces).current(),
    accepts: (nonce) => all.some((one) => one.accepts(nonce)),
  }
}

/**
 * Tells an app the nonce for its next proof.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449.html#section-8.2 RFC 9449, section 8.2}
 */
export function nonceHeaders({
  proofNonces,
}: {
  proofNonces?: DpopNonces | undefined
}): HeaderList {
  return proofNonces ? ['dpop-nonce', proofNonces.current()] : []
}
