/** Seconds for which the server keeps what is over, so that no clock that is slow misses it. */
export const grace = 60

/** Nobody waits longer for a session's end: about 3000 years. */
const longestTtlMs = 1e14

/** Milliseconds after which the server may drop something that lasts for so many seconds. */
export function toTtlMs(seconds: number): number {
  return Math.min(Math.max(seconds, grace) * 1000, longestTtlMs)
}
