import type { Clock } from '@sallyport/core'
import type { EndReason, Session } from '../sessions/session.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { tokensOf } from './revocable-tokens.ts'
import type { Revocations } from './revocations.ts'

/** What ending a session together with its tokens takes. */
export interface EndingParts {
  sessions: Pick<Sessions, 'end'>
  revocations: Pick<Revocations, 'plan' | 'start'>
  clock: Clock
}

/** How it ends. */
export interface Ending {
  readonly reason: EndReason
  /** Whether the issuer is told now; else it is told when whoever looks for what is due comes by. */
  readonly isPrompt: boolean
}

/**
 * Ends a session and revokes its tokens. The end is done when this resolves, and what is to be
 * revoked is written down; the issuer may be told later.
 *
 * @returns whether it was this call that ended it.
 * @throws `ERR_SESSION_STORE_UNAVAILABLE`: nothing has ended then that would not be asked for again.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7009.html#section-2.1 RFC 7009, section 2.1}
 */
export async function endWithTokens(
  session: Session,
  { reason, isPrompt }: Ending,
  { sessions, revocations, clock }: EndingParts,
): Promise<boolean> {
  const { key } = session.record
  const known = tokensOf(session.content, clock())
  // Before the end: a process that is killed right after it would leave tokens that nobody knows.
  await revocations.plan(key, known)
  const ended = await sessions.end(session, reason)
  if (!ended) return false
  const latest = tokensOf(ended.content, clock())
  if (!isSame(known, latest)) await revocations.plan(key, latest)
  if (isPrompt) revocations.start(key, latest)
  return true
}

function isSame(one: readonly { value: string }[], other: readonly { value: string }[]): boolean {
  return one.length === other.length && one.every(({ value }, i) => value === other[i]?.value)
}
