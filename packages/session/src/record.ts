import type { EpochSeconds } from '@sallyport/core'

declare const brand: unique symbol

/** SHA-256 of the secret in the cookie, base64url: a leaked store opens no session. */
export type SessionKey = string & { readonly [brand]: 'SessionKey' }

/** The right to refresh one session's tokens, over all processes and nodes. */
export interface SessionLease {
  /** Random, one an attempt: tells the holder whether the lease is still its own. */
  readonly holder: string
  /** From this second on anybody may take it over: its holder is taken for dead. */
  readonly until: EpochSeconds
}

/**
 * What a store keeps of a session. Whatever is needed to find a session is in clear; claims and
 * tokens are sealed, so a store (or its backup) opens nothing.
 */
export interface SessionRecord {
  readonly key: SessionKey
  /** 1 when created; grows by one a write. */
  readonly version: number
  /** The frontend it belongs to; another frontend's cookie never opens it. */
  readonly frontend: string
  readonly issuer: string
  readonly subject: string
  /** The issuer's own session, when it names one (`sid`). */
  readonly sid?: string
  readonly createdAt: EpochSeconds
  /** When it was last used, to a minute or so: kept for lists of sessions. */
  readonly lastSeenAt?: EpochSeconds
  /** When the person was last asked for credentials (`auth_time`). */
  readonly authTime?: EpochSeconds
  /** What signed in, for people to recognise: a browser's name, at most 256 characters. */
  readonly device?: string
  /** The hard end, however active. */
  readonly absoluteExpiresAt: EpochSeconds
  /** The session is gone from this second on: the earlier of idle and absolute end. */
  readonly expiresAt: EpochSeconds
  /** Claims and tokens, sealed with the session key as context. */
  readonly sealed: string
  readonly lease?: SessionLease
}
