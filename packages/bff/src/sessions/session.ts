import type { EpochSeconds, Secret } from '@sallyport/core'
import type { SessionRecord } from '@sallyport/session'
import type { Logger } from '@sallyport/telemetry'
import type { DpopKey } from '../oidc/dpop-key.ts'

/** An access token as it is kept. */
export interface StoredAccessToken {
  readonly accessToken: string
  /** How it is presented. */
  readonly tokenType: 'Bearer' | 'DPoP'
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
  /** When the refresh token ends, if the issuer says so; the session does not outlive it. */
  readonly refreshExpiresAt?: EpochSeconds | undefined
  /** What access and refresh token are bound to, when they are bound to a key of the session's. */
  readonly dpopKey?: DpopKey | undefined
  /** The app whose session it is, and the thumbprint of its key; absent: a browser's. */
  readonly native?: { readonly clientId: string; readonly jkt: string } | undefined
  /** The visitor that this person was before. */
  readonly visitor?: string | undefined
  /** By what was asked for: see `tokenKey`. */
  readonly accessTokens: Readonly<Record<string, StoredAccessToken>>
}

/** A live session, opened. */
export interface Session {
  readonly record: SessionRecord
  readonly content: SessionContent
  /** The half of the key that the cookie or an app's token is, while it is at hand; never stored. */
  readonly splitSecret?: Secret | undefined
  /** Set-Cookie values that bring the browser up to date, to go with whatever answer it gets. */
  readonly setCookies: readonly string[]
}

/** Why a session ended, for the log and for whoever still watches it. */
export type EndReason =
  | 'logout'
  | 'replaced'
  | 'repeated'
  | 'expired'
  | 'refresh_rejected'
  | 'backchannel'
  | 'frontchannel'
  | 'shared_signals'
  | 'revoked'
  | 'too_large'

/** What a link must name to sign this session out: the issuer's `sid`, or one of our own. */
export function logoutSid({ record }: Pick<Session, 'record'>): string {
  return record.sid ?? record.key.slice(0, 22)
}

/** Two different session cookies are none: one of them was planted by somebody. */
export function warnAmbiguous(log: Logger): void {
  log.warn({ event: 'session_cookie_ambiguous' }, 'two session cookies')
}
