import { type Clock, randomToken } from '@sallyport/core'
import type { EndReason, Session } from '../sessions/session.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Once } from './once.ts'
import { tokensOf } from './revocable-tokens.ts'
import type { Revocations } from './revocations.ts'

/** What revoking what an ended session still has takes. */
export interface LateParts {
  sessions: Pick<Sessions, 'end'>
  revocations: Pick<Revocations, 'plan' | 'forget' | 'start'>
  once: Once
  clock: Clock
}

/**
 * Revokes the tokens of a session that lives in its browser and was ended from elsewhere, now that
 * the browser shows it: before, nobody knew them. One that was ended by itself has had its tokens
 * revoked, or keeps them for a reason. A front-channel sign-out revokes nothing, as nothing proves
 * who asked for it.
 */
export async function revokeLate(
  session: Session,
  reason: EndReason,
  { sessions, revocations, once, clock }: LateParts,
): Promise<void> {
  if (reason === 'frontchannel') return
  const { key, absoluteExpiresAt } = session.record
  const name = `late:${key}`
  await once(name, Math.max(1, absoluteExpiresAt - clock()), async () => {
    // Its own: of several at once, those who come too late forget only what they planned.
    const id = `${name}:${randomToken()}`
    await revocations.plan(id, tokensOf(session.content, clock()))
    const ended = await sessions.end(session, reason)
    if (!ended) return revocations.forget(id)
    const latest = tokensOf(ended.content, clock())
    await revocations.plan(id, latest)
    revocations.start(id, latest)
  })
}
