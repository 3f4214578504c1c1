import { sha256 } from '@sallyport/core'
import type { SessionRecord } from '../record.ts'
import type { SessionFilter } from '../store.ts'

/** A name of bounded length for all sessions that match a filter: what an index is kept by. */
export function toGroup(filter: SessionFilter): string {
  const wanted = 'sid' in filter ? ['sid', filter.sid] : ['subject', filter.subject]
  return sha256(JSON.stringify([filter.issuer, ...wanted]))
}

/** Every group that a session belongs to. */
export function groupsOf({ issuer, subject, sid }: SessionRecord): string[] {
  const groups = [toGroup({ issuer, subject })]
  if (sid !== undefined) groups.push(toGroup({ issuer, sid }))
  return groups
}
