import type { EpochSeconds } from '@sallyport/core'
import type { SessionRecord } from '@sallyport/session'
import type { SessionConfig } from '../options/session-options.ts'
import type { SessionContent } from './session.ts'

/** A session's idle end is put off at most this often, in seconds: each time costs a write. */
const longestSlideStep = 60

/**
 * The hard end of a session that starts now. The issuer may set an earlier one (`session_expiry`).
 *
 * @see {@link https://openid.net/specs/ipsie-openid-connect-sl1-profile-1_0.html IPSIE OpenID Connect SL1, session_expiry}
 */
export function absoluteEnd(
  { absoluteTimeout }: SessionConfig,
  content: SessionContent,
  now: EpochSeconds,
): EpochSeconds {
  return Math.min(now + absoluteTimeout, issuerEnd(content))
}

/** When a session that is used now ends, if it is not used again. */
export function idleEnd(
  { idleTimeout }: SessionConfig,
  session: { record: Pick<SessionRecord, 'absoluteExpiresAt'>; content: SessionContent },
  now: EpochSeconds,
): EpochSeconds {
  const { record, content } = session
  const ends = [record.absoluteExpiresAt, issuerEnd(content), content.refreshExpiresAt]
  return Math.min(now + idleTimeout, ...ends.filter((end) => end !== undefined))
}

/** Whether putting the idle end off is worth a write. */
export function isWorthSliding(config: SessionConfig, from: EpochSeconds, to: EpochSeconds) {
  return to - from >= Math.min(longestSlideStep, Math.ceil(config.idleTimeout / 10))
}

function issuerEnd({ claims }: SessionContent): EpochSeconds {
  const { session_expiry: end } = claims
  return typeof end === 'number' && Number.isFinite(end) ? Math.floor(end) : Number.MAX_SAFE_INTEGER
}
