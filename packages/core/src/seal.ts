import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { isKid, readSealKeys, type SealKey } from './seal-key.ts'

const cipher = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/** Seals and opens values for one purpose: what one sealer sealed, no other opens. */
export interface Sealer {
  /**
   * Encrypts and authenticates `plaintext`.
   *
   * @param context what the value belongs to, such as a session key; opening needs the same.
   * @returns `kid.base64url(nonce, ciphertext, tag)`: cookie-safe.
   */
  seal(plaintext: string, context: string): string
  /** The plaintext, or `undefined` when the key is unknown or anything was changed. */
  open(sealed: string, context: string): string | undefined
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
  const currentKey = derived.get(current) as KeyObject

  return {
    seal(plaintext, context) {
      const nonce = randomBytes(nonceBytes)
      const encryption = createCipheriv(cipher, currentKey, nonce)
      encryption.setAAD(associatedData(purpose, context))
      const body = Buffer.concat([
        nonce,
        encryption.update(plaintext, 'utf8'),
        encryption.final(),
        encryption.getAuthTag(),
      ])
      return `${current}.${body.toString('base64url')}`
    },

    open(sealed, context) {
      const dot = sealed.indexOf('.')
      const key = derived.get(sealed.slice(0, Math.max(dot, 0)))
      if (!key) return undefined
      const body = Buffer.from(sealed.slice(dot + 1), 'base64url')
      if (body.length < nonceBytes + tagBytes) return undefined
      // Node's decoder skips what is not base64url: only the one canonical spelling is accepted.
      if (body.toString('base64url') !== sealed.slice(dot + 1)) return undefined
      const decryption = createDecipheriv(cipher, key, body.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      })
      decryption.setAAD(associatedData(purpose, context))
      decryption.setAuthTag(body.subarray(-tagBytes))
      try {
        const start = decryption.update(body.subarray(nonceBytes, -tagBytes))
        return Buffer.concat([start, decryption.final()]).toString('utf8')
      } catch {
        return undefined
      }
    },

    missingKid(sealed) {
      const kid = sealed.slice(0, Math.max(sealed.indexOf('.'), 0))
      return isKid(kid) && !derived.has(kid) ? kid : undefined
    },
  }
}

function deriveKeys(keys: readonly SealKey[], purpose: string): Map<string, KeyObject> {
  const derived = new Map<string, KeyObject>()
  for (const [kid, master] of readSealKeys(keys)) {
    const bytes = hkdfSync('sha256', master, '', `sallyport:${purpose}`, 32)
    derived.set(kid, createSecretKey(Buffer.from(bytes)))
  }
  return derived
}

function associatedData(purpose: string, context: string): Buffer {
  return Buffer.from(JSON.stringify([purpose, context]))
}
