import type { Clock } from '@sallyport/core'
import type { Replays } from '@sallyport/core/access-token'

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
