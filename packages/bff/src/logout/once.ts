import type { Clock } from '@sallyport/core'
import type { OpenStore } from '../sessions/store-failures.ts'

/**
 * Does work unless it has been done under this id before. It counts as done when it has succeeded:
 * what failed may be delivered again. Two at the same moment may both do it.
 *
 * @param lifetime seconds for which it is remembered.
 * @returns whether it was done now.
 */
export type Once = (id: string, lifetime: number, work: () => Promise<void>) => Promise<boolean>

/** Creates one that remembers in the store, for all processes. */
export function createOnce(store: Pick<OpenStore, 'mark' | 'marks'>, clock: Clock): Once {
  return async (id, lifetime, work) => {
    const [mark] = await store.marks([id])
    if (mark) return false
    await work()
    const at = clock()
    await store.mark(id, { at, expiresAt: at + lifetime, reason: 'done' })
    return true
  }
}
