import type { Clock } from '@sallyport/core'
import type { SessionKey, SessionRecord } from '@sallyport/session'
import type { BffConfig } from '../options.ts'
import { absoluteEnd, idleEnd } from './lifetimes.ts'
import type { SessionStart } from './sessions.ts'

/** What a record says of a session that a sign-in starts now, in either mode. */
export function beginRecord(
  key: SessionKey,
  { claims, content, device }: SessionStart,
  { config, clock }: { config: BffConfig; clock: Clock },
): Omit<SessionRecord, 'version' | 'sealed'> {
  const { iss: issuer, sub: subject, sid, auth_time: authTime } = claims
  const now = clock()
  const absoluteExpiresAt = absoluteEnd(config.session, content, now)
  return {
    ...{ key, frontend: config.frontend, issuer, subject },
    ...(typeof sid === 'string' && { sid }),
    ...(device !== undefined && { device }),
    ...(typeof authTime === 'number' && { authTime }),
    ...(device && { device }),
    ...{ createdAt: now, lastSeenAt: now, absoluteExpiresAt },
    expiresAt: idleEnd(config.session, { record: { absoluteExpiresAt }, content }, now),
  }
}
