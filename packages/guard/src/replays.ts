import type { Clock } from '@sallyport/core'

/** Remembers what may be used once only. A session store of `@sallyport/session` is one. */
export interface Replays {
  /**
   * Remembers `id` until `expiresAt` (seconds since 1970).
   *
   * @returns whether it is the first time; of all callers in all processes one gets `true`.
   */
  claim(id: string, expiresAt: number): boolean | Promise<boolean>
}

/**
 * Creates a memory of this process alone. What is over is dropped; when it is full of what is not,
 * it throws: to forget would be to let replays through.
 *
 * @param capacity how many ids it holds.
 */
export function createReplays(capacity: number, clock: Clock): Replays {
  const seen = new Map<string, number>()
  return {
    claim(id, expiresAt) {
      const now = clock()
      for (const [oldest, end] of seen) {
        if (end > now) break
        seen.delete(oldest)
      }
      if ((seen.get(id) ?? 0) > now) return false
      if (seen.size >= capacity) throw new Error(`${capacity} ids are remembered already`)
      seen.delete(id)
      seen.set(id, expiresAt)
      return true
    },
  }
}
