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

/**
 * Tells how a token is at `now`. Both margins shrink with the token's lifetime. When it begins to
 * age differs from token to token by up to a quarter of the margin, so that sessions that began
 * together do not renew together.
 */
export function freshness(token: StoredAccessToken | undefined, now: EpochSeconds): Freshness {
  if (!token) return 'stale'
  const lifetime = token.expiresAt - token.obtainedAt
  const remaining = token.expiresAt - now
  const margin = Math.min(longestMargin, lifetime * 0.1)
  // Written down by a clock that is ahead of ours: nobody knows when it really ends.
  const isFromTheFuture = token.obtainedAt > now + margin
  if (isFromTheFuture || remaining <= margin) return 'stale'
  const aging = Math.min(longestAging, lifetime * agingShare) * (1 - jitter(token) / 4)
  return remaining <= aging ? 'aging' : 'fresh'
}

/** From 0 to 1, the same each time for one token: its end is a signature, as good as random. */
function jitter({ accessToken }: StoredAccessToken): number {
  let sum = 0
  for (const character of accessToken.slice(-8)) sum = (sum * 31 + character.charCodeAt(0)) % 256
  return sum / 255
}
