import type { EpochSeconds } from '@sallyport/core'
import type { SessionRecord } from '@sallyport/session'
import type { DpopKey } from '../oidc/dpop-key.ts'

/** An access token as it is kept. */
export interface StoredAccessToken {
  readonly accessToken: string
  readonly obtainedAt: EpochSeconds
  readonly expiresAt: EpochSeconds
}

/** What of a session is sealed at rest. */
export interface SessionContent {
  /** The ID token's claims about the user. */
  readonly claims: Readonly<Record<string, unknown>>
  /** The latest ID token, to name the session to the issuer when it ends. */
  readonly idToken: string
  readonly refreshToken?: string | undefined
  /** What the access tokens are bound to, if they are to a key. */
  readonly dpopKey?: DpopKey | undefined
  /** By resource; the key is empty for what the issuer gives unasked. */
  readonly accessTokens: Readonly<Record<string, StoredAccessToken>>
}

/** A live session, opened. */
export interface Session {
  readonly record: SessionRecord
  readonly content: SessionContent
}

/** What a link must name to sign this session out: the issuer's `sid`, or one of our own. */
export function logoutSid(session: Session): string {
  return session.record.sid ?? session.record.key.slice(0, 22)
}
