import { hkdfSync } from 'node:crypto'
import { readSealKeys, type SealKey } from './seal-key.ts'
import { createSecret, type Secret } from './secret.ts'

const secretBytes = 32

/**
 * Secrets of 256 bits for one purpose, one of each key of a ring, newest first. What is made with the
 * first can be checked with all, so that processes whose rings differ for a moment agree.
 *
 * @param purpose must be none that a sealer has.
 * @throws `ERR_CONFIG_INVALID` for keys that `createSealer` does not take.
 * @see {@link https://www.rfc-editor.org/rfc/rfc5869.html RFC 5869}
 */
export function deriveSecrets(keys: readonly SealKey[], purpose: string): Secret[] {
  return [...readSealKeys(keys).values()].map((master) => {
    const derived = hkdfSync('sha256', master, '', `sallyport:secret:${purpose}`, secretBytes)
    return createSecret(Buffer.from(derived).toString('base64url'))
  })
}
