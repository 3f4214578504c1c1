import { hash, randomBytes } from 'node:crypto'

/** 256 random bits, base64url: session ids, states, anything that must not be guessed. */
export function randomToken(): string {
  return randomBytes(32).toString('base64url')
}

/** SHA-256, base64url: what is stored in place of a secret, so that a leaked store opens nothing. */
export function sha256(value: string): string {
  return hash('sha256', value, 'base64url')
}
