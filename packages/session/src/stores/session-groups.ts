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

/** The groups that a filter names. */
export function toGroups({ issuer, subject, sid, frontend }: SessionFilter): SessionGroups {
  return {
    ...(sid !== undefined && { sid: toGroup(issuer, 'sid', sid) }),
    ...(subject !== undefined && { subject: toGroup(issuer, 'subject', subject) }),
    ...(issuer !== undefined && { issuer: toGroup('issuer', issuer) }),
    ...(frontend !== undefined && { frontend: toGroup('frontend', frontend) }),
  }
}

/** The groups by which an index finds a session. */
export function groupsOf({ issuer, subject, sid }: SessionRecord): string[] {
  return groupsToSearch({ issuer, subject, ...(sid !== undefined && { sid }) })
}

/** The indexes in which all that match a filter are, the narrowest first; none: look at all. */
export function groupsToSearch(filter: SessionFilter): string[] {
  const { sid, subject } = toGroups(filter)
  return [sid, subject].filter((group) => group !== undefined)
}

function toGroup(...words: ReadonlyArray<string | undefined>): string {
  return sha256(JSON.stringify(words))
}
