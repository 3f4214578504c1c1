import type { EpochSeconds } from '@sallyport/core'
import type { StoredAccessToken } from '../sessions/session.ts'

/**
 * `fresh`: use it. `aging`: use it, and get a new one meanwhile. `stale`: it may be refused
 * before it arrives.
 */
export type Freshness = 'fresh' | 'aging' | 'stale'

/** A token counts as stale this long before its end: on its way it must not expire. */
const longestMargin = 5
/** The last part of its life in which a token is renewed ahead. */
const agingShare = 0.2
const longestAging = 60

/** Tells how a token is at `now`. Both margins shrink with the token's lifetime. */
export function freshness(token: StoredAccessToken | undefined, now: EpochSeconds): Freshness {
  if (!token) return 'stale'
  const lifetime = token.expiresAt - token.obtainedAt
  const remaining = token.expiresAt - now
  if (remaining <= Math.min(longestMargin, lifetime * 0.1)) return 'stale'
  return remaining <= Math.min(longestAging, lifetime * agingShare) ? 'aging' : 'fresh'
}
