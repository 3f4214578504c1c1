import { type Clock, sha256 } from '@sallyport/core'
import { assertMarkIds, liveMark, type Mark } from '../mark.ts'
import type { Awaitable, PromisedSessionStore } from '../store.ts'
import { createMarkLru, type KnownMark } from './mark-lru.ts'
import { createPendingReads } from './pending-reads.ts'

/** Marks that this process has just read, and those that it found to be none. */
export interface CachedMarks {
  read(ids: readonly string[]): Awaitable<Array<Mark | undefined>>
  write(id: string, mark: Mark): Promise<void>
  /** A mark was written: what is known of its id, or being read, is not to be kept. */
  forget(idHash: string): void
  /** Nothing is known any more, nor kept unless the feed is live. */
  reset(isLive: boolean): void
}

export function createCachedMarks(
  store: Pick<PromisedSessionStore, 'mark' | 'marks'>,
  options: { clock: Clock; maxStale: number; maxMarks: number },
): CachedMarks {
  const { clock, maxStale, maxMarks } = options
  const cache = createMarkLru(maxMarks)
  const pending = createPendingReads<string>()
  let isLive = false

  function forget(idHash: string): void {
    cache.delete(idHash)
    pending.spoil(idHash)
  }

  async function readThrough(
    ids: readonly string[],
    hashes: readonly string[],
  ): Promise<Array<Mark | undefined>> {
    const readAtMs = performance.now()
    const reads = hashes.map((idHash) => pending.begin(idHash))
    try {
      const marks = await store.marks(ids)
      for (const [index, idHash] of hashes.entries()) {
        const mark = marks[index]
        if (isLive && reads[index]?.allows(0)) {
          cache.set(idHash, { mark: mark && Object.freeze({ ...mark }), readAtMs })
        }
      }
      return marks
    } finally {
      for (const read of reads) read.end()
    }
  }

  return {
    read(ids) {
      assertMarkIds(ids)
      const hashes = ids.map(sha256)
      if (!isLive) return readThrough(ids, hashes)
      const notBeforeMs = performance.now() - maxStale * 1000
      const known: KnownMark[] = []
      for (const idHash of hashes) {
        const one = cache.get(idHash, notBeforeMs)
        if (!one) return readThrough(ids, hashes)
        known.push(one)
      }
      const now = clock()
      return known.map(({ mark }) => liveMark(mark, now))
    },

    async write(id, mark) {
      const idHash = sha256(id)
      forget(idHash)
      try {
        await store.mark(id, mark)
      } finally {
        forget(idHash)
      }
    },

    forget,

    reset(state) {
      isLive = state
      cache.clear()
      pending.spoilAll()
    },
  }
}
