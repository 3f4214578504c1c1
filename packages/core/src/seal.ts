import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { isKid, readSealKeys, type SealKey } from './seal-key.ts'

const cipher = 'aes-256-gcm'
const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16

/** Seals and opens values for one purpose: what one sealer sealed, no other opens. */
export interface Sealer {
  /**
   * Encrypts and authenticates `plaintext`.
   *
   * @param context what the value belongs to, such as a session key; opening needs the same.
   * @param splitSecret the other half of the key: who has the ring alone opens nothing. It must be
   *   random, of 256 bits.
   * @returns `kid.base64url(nonce, ciphertext, tag)`, with `~` for the dot when the key is split:
   *   cookie-safe.
   */
  seal(plaintext: string, context: string, splitSecret?: string): string
  /**
   * The plaintext, or `undefined` when the key is unknown or anything was changed.
   *
   * @param splitSecret needed for what was sealed with it, and without a meaning for all else.
   */
  open(sealed: string, context: string, splitSecret?: string): string | undefined
  /** The kid that something was sealed under, if no key of the ring has it: then it was rotated out. */
  missingKid(sealed: string): string | undefined
}

/**
 * Creates a sealer over AES-256-GCM with random nonces. Keys are derived per purpose (HKDF), so a
 * transaction cookie can never pass for a session and the reverse.
 *
 * @param keys newest first; older ones only open.
 * @throws `ERR_CONFIG_INVALID` for no key, a short, weak or repeated key, a malformed or repeated kid.
 * @see {@link https://www.rfc-editor.org/rfc/rfc5116.html#section-3.1 RFC 5116, section 3.1} on nonces
 */
export function createSealer(keys: readonly SealKey[], purpose: string): Sealer {
  const derived = deriveKeys(keys, purpose)
  const current = keys[0]?.kid as string
  const currentKeys = derived.get(current) as DerivedKeys

  return {
    seal(plaintext, context, splitSecret) {
      const key = splitSecret === undefined ? currentKeys.whole : join(currentKeys, splitSecret)
      const nonce = randomBytes(nonceBytes)
      const encryption = createCipheriv(cipher, key, nonce)
      encryption.setAAD(associatedData(purpose, context))
      const body = Buffer.concat([
        nonce,
        encryption.update(plaintext, 'utf8'),
        encryption.final(),
        encryption.getAuthTag(),
      ])
      const mark = splitSecret === undefined ? '.' : '~'
      return `${current}${mark}${body.toString('base64url')}`
    },

    open(sealed, context, splitSecret) {
      const { kid, isSplit } = readBeginning(sealed)
      const keysOfKid = derived.get(kid)
      if (!keysOfKid || (isSplit && splitSecret === undefined)) return undefined
      const text = sealed.slice(kid.length + 1)
      const body = Buffer.from(text, 'base64url')
      if (body.length < nonceBytes + tagBytes) return undefined
      // Node's decoder skips what is not base64url: only the one canonical spelling is accepted.
      if (body.toString('base64url') !== text) return undefined
      const key = isSplit ? join(keysOfKid, splitSecret as string) : keysOfKid.whole
      const decryption = createDecipheriv(cipher, key, body.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      })
      decryption.setAAD(associatedData(purpose, context))
      decryption.setAuthTag(body.subarray(-tagBytes))
      try {
        const plaintext = decryption.update(body.subarray(nonceBytes, -tagBytes))
        // Only verifies: what a stream cipher makes, `update` has given whole.
        decryption.final()
        return plaintext.toString('utf8')
      } catch {
        return undefined
      }
    },

    missingKid(sealed) {
      const { kid } = readBeginning(sealed)
      return isKid(kid) && !derived.has(kid) ? kid : undefined
    },
  }
}

interface DerivedKeys {
  readonly whole: KeyObject
  /** The server's half. */
  readonly half: KeyObject
}

function deriveKeys(keys: readonly SealKey[], purpose: string): Map<string, DerivedKeys> {
  const derived = new Map<string, DerivedKeys>()
  for (const [kid, master] of readSealKeys(keys)) {
    const derive = (name: string) =>
      createSecretKey(Buffer.from(hkdfSync('sha256', master, '', `sallyport:${name}`, keyBytes)))
    derived.set(kid, { whole: derive(purpose), half: derive(`split:${purpose}`) })
  }
  return derived
}

const beginningPattern = /^([\w-]*)([.~])/

function readBeginning(sealed: string): { kid: string; isSplit: boolean } {
  const [, kid = '', mark] = beginningPattern.exec(sealed) ?? []
  return { kid, isSplit: mark === '~' }
}

/**
 * One key of two halves, in one step. Neither half tells anything about it, nor does a digest of the
 * secret.
 *
 * @see {@link https://doi.org/10.6028/NIST.SP.800-56Cr2 NIST SP 800-56C, section 4.1}, option 2
 */
function join({ half }: DerivedKeys, splitSecret: string): KeyObject {
  return createSecretKey(
    createHmac('sha256', half).update('\0\0\0\x01').update(splitSecret).digest(),
  )
}

function associatedData(purpose: string, context: string): Buffer {
  return Buffer.from(JSON.stringify([purpose, context]))
}
