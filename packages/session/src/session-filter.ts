import type { SessionRecord } from './record.ts'

/**
 * Which sessions: all members given must match. `sid` and `subject` mean something at their issuer
 * only, so neither is given without it. `{}` is every session there is.
 */
export interface SessionFilter {
  readonly issuer?: string
  readonly subject?: string
  readonly sid?: string
  readonly frontend?: string
}

const members = ['issuer', 'subject', 'sid', 'frontend'] as const
const known = new Set<string>(members)

/**
 * Checks what sessions are about to be looked for by. A member that is there and says nothing is
 * refused: it would mean more sessions than its author thought.
 *
 * @throws TypeError naming the member that no {@link SessionFilter} can have, never its value.
 */
export function assertSessionFilter(value: unknown): asserts value is SessionFilter {
  if (typeof value !== 'object' || value === null) throw new TypeError('session filter: no object')
  for (const [member, wanted] of Object.entries(value)) {
    if (!known.has(member)) throw new TypeError(`session filter: ${member} is not a member of it`)
    if (typeof wanted !== 'string') throw new TypeError(`session filter: ${member} is no text`)
  }
  const { issuer, subject, sid } = value as SessionFilter
  if (issuer === undefined && (subject ?? sid) !== undefined) {
    throw new TypeError('session filter: subject and sid need their issuer')
  }
}

/** Whether a session is one of those that are meant. */
export function matchesFilter(record: SessionRecord, filter: SessionFilter): boolean {
  return members.every(
    (member) => filter[member] === undefined || filter[member] === record[member],
  )
}
