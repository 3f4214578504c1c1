import type { BffContext, BffRequest } from '../context.ts'
import type { ComingVisitor } from './visitor.ts'

/**
 * The visitor that a sign-in takes along: the browser's own, or the one that the session has which
 * the sign-in will take the place of. The cookies of both are Strict, so a link of another site
 * starts a sign-in without any.
 */
export async function comingVisitor(
  { cookies }: BffRequest,
  { sessions, visitors }: Pick<BffContext, 'sessions' | 'visitors'>,
): Promise<ComingVisitor | undefined> {
  if (!sessions.isNamed(cookies)) return visitors.present(cookies)
  const session = await sessions.open(cookies)
  if (!session) return visitors.present(cookies)
  const { visitor } = session.content
  return visitor === undefined ? undefined : { id: visitor, subject: session.record.subject }
}
