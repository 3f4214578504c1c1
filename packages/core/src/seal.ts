import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { SallyportError } from './errors.ts'
import type { Secret } from './secret.ts'

const cipher = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16
const minimumKeyBytes = 32
const keyPattern = /^[A-Za-z0-9+/_-]+={0,2}$/
const kidPattern = /^[A-Za-z0-9_-]{1,32}$/

/** One key of a ring. The first key of a ring seals; all of them open. */
export interface SealKey {
  /** Names the key in what it sealed, so that opening tries one key only. */
  kid: string
  /** At least 32 random bytes, base64url or base64. */
  key: Secret
}

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
}

/**
 * Creates a sealer over AES-256-GCM with random nonces. Keys are derived per purpose (HKDF), so a
 * transaction cookie can never pass for a session and the reverse.
 *
 * @param keys newest first; older ones only open.
 * @throws `ERR_CONFIG_INVALID` for no key, a short or repeated key, a malformed or repeated kid.
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
  }
}

function deriveKeys(keys: readonly SealKey[], purpose: string): Map<string, KeyObject> {
  const derived = new Map<string, KeyObject>()
  const masters: Buffer[] = []
  if (keys.length === 0) throw invalid('at least one seal key is needed')
  for (const { kid, key } of keys) {
    if (!kidPattern.test(kid)) throw invalid(`kid "${kid}" must match ${kidPattern.source}`)
    if (derived.has(kid)) throw invalid(`kid "${kid}" occurs twice`)
    // Node's decoder skips what is not base64: a passphrase would pass for a key.
    const master = Buffer.from(keyPattern.test(key.reveal()) ? key.reveal() : '', 'base64url')
    if (master.length < minimumKeyBytes) {
      throw invalid(`the key of kid "${kid}" must be at least ${minimumKeyBytes} bytes, base64url`)
    }
    if (new Set(master).size < 8) throw invalid(`the key of kid "${kid}" is not random`)
    if (masters.some((other) => other.equals(master))) throw invalid(`kid "${kid}" repeats a key`)
    masters.push(master)
    const bytes = hkdfSync('sha256', master, '', `sallyport:${purpose}`, 32)
    derived.set(kid, createSecretKey(Buffer.from(bytes)))
  }
  return derived
}

function associatedData(purpose: string, context: string): Buffer {
  return Buffer.from(JSON.stringify([purpose, context]))
}

function invalid(problem: string): SallyportError {
  return new SallyportError('ERR_CONFIG_INVALID', `seal keys: ${problem}`)
}
