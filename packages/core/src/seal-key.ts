import { SallyportError } from './errors.ts'
import type { Secret } from './secret.ts'

/** One key of a ring. The first key of a ring seals; all of them open. */
export interface SealKey {
  /** Names the key in what it sealed, so that opening tries one key only. */
  kid: string
  /** At least 32 random bytes, base64url or base64. */
  key: Secret
}

const minimumBytes = 32
const base64Pattern = /^[A-Za-z0-9+/_-]+={0,2}$/
const kidPattern = /^[A-Za-z0-9_-]{1,32}$/
/** As many digits of base 16 hold 32 bytes. */
const hexPattern = /^[0-9a-f]{64,}$|^[0-9A-F]{64,}$/

/** Of 32 random bytes 30 are different, of 43 random characters 31; so few of them never are. */
const fewestDistinct = 16

/**
 * Reads a ring: its bytes by kid, newest first.
 *
 * What people type, repeat or count up is no key, however long. That shows in the bytes; what does
 * not show there is up to whoever made the key.
 *
 * @throws `ERR_CONFIG_INVALID` for no key, a short, weak or repeated key, a malformed or repeated
 *   kid. The message names the kid, never the key.
 */
export function readSealKeys(keys: readonly SealKey[]): Map<string, Buffer> {
  const ring = new Map<string, Buffer>()
  if (keys.length === 0) throw invalid('at least one seal key is needed')
  for (const { kid, key } of keys) {
    if (!isKid(kid)) throw invalid(`kid "${kid}" must match ${kidPattern.source}`)
    if (ring.has(kid)) throw invalid(`kid "${kid}" occurs twice`)
    const bytes = readKey(key.reveal(), kid)
    if ([...ring.values()].some((other) => other.equals(bytes))) {
      throw invalid(`kid "${kid}" repeats a key`)
    }
    ring.set(kid, bytes)
  }
  return ring
}

/** Whether a text can name a key: then it can be shown in a log, wherever it came from. */
export function isKid(text: string): boolean {
  return kidPattern.test(text)
}

function readKey(text: string, kid: string): Buffer {
  // Node's decoder skips what is not base64: a passphrase would pass for a key.
  const bytes = Buffer.from(base64Pattern.test(text) ? text : '', 'base64url')
  if (bytes.length < minimumBytes) {
    throw invalid(`the key of kid "${kid}" must be at least ${minimumBytes} bytes, base64url`)
  }
  const isRandom = hexPattern.test(text) || (looksRandom(bytes) && hasBothCases(text))
  if (!isRandom || distinct(text) < fewestDistinct / 2) {
    throw invalid(`the key of kid "${kid}" is not random: make one with "openssl rand -base64 32"`)
  }
  return bytes
}

function looksRandom(bytes: Buffer): boolean {
  const steps = bytes.subarray(1).map((byte, i) => byte - (bytes[i] as number))
  const isText = bytes.every((byte) => byte >= 0x20 && byte < 0x7f)
  return !isText && distinct(bytes) >= fewestDistinct && distinct(steps) >= fewestDistinct
}

/** Words are base64 too, but of random characters some are upper case, and many are different. */
function hasBothCases(text: string): boolean {
  const isMixed = /(?:[A-Z].*){3}/.test(text) && /(?:[a-z].*){3}/.test(text)
  return isMixed && distinct(text) >= fewestDistinct
}

function distinct(values: Iterable<unknown>): number {
  return new Set(values).size
}

function invalid(problem: string): SallyportError {
  return new SallyportError('ERR_CONFIG_INVALID', `seal keys: ${problem}`)
}
