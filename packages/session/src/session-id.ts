import { sha256 } from '@sallyport/core'
import type { SessionKey } from './record.ts'

/** What {@link toSessionId} gives. */
const idPattern = /^[\w-]{43}$/

/**
 * Names a session to people, operators and logs: the same for all of them, for as long as it lives.
 * It opens nothing, finds nothing in a store by itself, and does not lead back to the key.
 */
export function toSessionId(key: SessionKey): string {
  return sha256(`session-id:${key}`)
}

/** Whether a text can be the id of a session at all. */
export function isSessionId(text: string): boolean {
  return idPattern.test(text)
}
