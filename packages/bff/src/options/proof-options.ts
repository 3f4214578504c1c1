import { strictObject } from '@sallyport/core/options'
import * as z from 'zod'

/** What is asked of the DPoP proofs that apps send (RFC 9449). */
export interface ProofOptions {
  /**
   * `required`: a proof must hold a nonce of this BFF, of the last three to six minutes. So it cannot
   * have been made long before, by who had the key for a moment. Each answer to a proof brings
   * the latest; apps must be able to ask once more.
   * @defaultValue 'none'
   * @see {@link https://www.rfc-editor.org/rfc/rfc9449.html#section-8 RFC 9449, sections 8 and 9}
   */
  nonce?: 'none' | 'required' | undefined
}

/** {@link ProofOptions}, complete. */
export interface ProofConfig {
  readonly nonce: 'none' | 'required'
}

/** The schema of {@link ProofOptions}. */
export const callerProofs = strictObject({
  nonce: z.enum(['none', 'required']).default('none'),
}).prefault({})
