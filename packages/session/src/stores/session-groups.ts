import { sha256 } from '@sallyport/core'
import type { SessionRecord } from '../record.ts'
import type { SessionFilter } from '../session-filter.ts'

/** What sessions are found by: a name of bounded length for all that have it in common. */
export interface SessionGroups {
  /** Of one sign-in at the issuer. */
  readonly sid?: string
  readonly subject?: string
  readonly issuer?: string
  readonly frontend?: string
}

/** The groups that a filter names, or that a session is in. */
export function toGroups(wanted: SessionRecord | SessionFilter): SessionGroups {
  const { issuer, subject, sid, frontend } = wanted
  return {
    ...(sid !== undefined && { sid: toGroup(issuer, 'sid', sid) }),
    ...(subject !== undefined && { subject: toGroup(issuer, 'subject', subject) }),
    ...(issuer !== undefined && { issuer: toGroup('issuer', issuer) }),
    ...(frontend !== undefined && { frontend: toGroup('frontend', frontend) }),
  }
}

/**
 * The indexes by which a session is found; and those in which all are that match a filter, the
 * narrowest first. None: there is no index for it.
 */
export function indexesOf(wanted: SessionRecord | SessionFilter): string[] {
  const { sid, subject } = toGroups(wanted)
  return [sid, subject].filter((group) => group !== undefined)
}

function toGroup(...words: ReadonlyArray<string | undefined>): string {
  return sha256(JSON.stringify(words))
}
