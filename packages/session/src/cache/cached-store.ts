import { type Clock, systemClock } from '@sallyport/core'
import type { SessionKey, SessionRecord } from '../record.ts'
import type { SessionFilter } from '../session-filter.ts'
import type { PromisedSessionStore, SessionStore } from '../store.ts'
import { createCachedMarks } from './cached-marks.ts'
import type { ObservableSessionStore } from './change-feed.ts'
import { createPendingReads } from './pending-reads.ts'
import { createSessionLru } from './session-lru.ts'

/** How a cache in front of a store behaves. */
export interface CachedStoreOptions {
  /** @defaultValue the machine's clock */
  clock?: Clock
  /** @defaultValue 10000 */
  maxEntries?: number
  /**
   * Roughly, as it can only be.
   *
   * @defaultValue 67108864 (64 MiB)
   */
  maxBytes?: number
  /**
   * Of how many ids is known whether they are marked.
   *
   * @defaultValue 30000
   */
  maxMarks?: number
  /**
   * Seconds after which a session or a mark is read again whatever the feed says: no session that was ended
   * elsewhere is accepted for longer. At most an hour.
   *
   * @defaultValue 5
   */
  maxStale?: number
  /**
   * Told when the cache starts to work, and when it stops because changes might be missed: every
   * read then goes to the store.
   */
  onFeed?(state: 'live' | 'lost'): void
}

/** A {@link SessionStore} that answers at once for sessions and marks it has in memory. */
export type CachedStore = Omit<PromisedSessionStore, 'get' | 'marks'> &
  Pick<SessionStore, 'get' | 'marks'>

/**
 * Keeps sessions that this process has just read or written in its memory, in front of a store
 * that many processes share. Every write goes to the store; what the others write is dropped here
 * when the store tells of it, within moments. Only sessions are kept, never that there is none; of
 * marks both are, because most ids have none.
 *
 * Weaker than the store in one respect: after another process's write, a read may give the
 * session as it was, until the news arrives, and never for longer than `maxStale`. This process
 * sees its own writes at once.
 */
export function createCachedStore(
  store: ObservableSessionStore,
  options: CachedStoreOptions = {},
): CachedStore {
  const {
    clock = systemClock,
    maxStale = 5,
    maxEntries = 10_000,
    maxBytes = 64 * 2 ** 20,
    maxMarks = 30_000,
  } = options
  assertWholeNumber('maxEntries', maxEntries)
  assertWholeNumber('maxBytes', maxBytes)
  assertWholeNumber('maxMarks', maxMarks)
  if (!(maxStale > 0 && maxStale <= 3600)) {
    throw new TypeError('maxStale must be more than 0 and at most 3600')
  }
  const cache = createSessionLru({ maxEntries, maxBytes })
  const pending = createPendingReads<SessionKey>()
  const marks = createCachedMarks(store, { clock, maxStale, maxMarks })
  let isLive = false

  const stopListening = store.onChange({
    changed({ key, version }) {
      // Our own write comes back too, and leaves in place what it has just put there.
      if (cache.get(key, 0)?.version !== version) cache.delete(key)
      pending.noteVersion(key, version)
    },
    marked: (idHash) => marks.forget(idHash),
    live: () => setLive(true),
    lost: () => setLive(false),
  })

  function setLive(state: boolean): void {
    isLive = state
    marks.reset(state)
    cache.clear()
    pending.spoilAll()
    options.onFeed?.(state ? 'live' : 'lost')
  }

  /** Keeps what a read brings, unless something newer was heard of meanwhile. */
  async function readThrough(key: SessionKey): Promise<SessionRecord | undefined> {
    const readAtMs = performance.now()
    const read = pending.begin(key)
    try {
      const found = await store.get(key)
      const record = found && frozenCopy(found)
      if (record && isLive && read.allows(record.version)) cache.set(record, readAtMs)
      return record
    } finally {
      read.end()
    }
  }

  async function writeThrough(record: SessionRecord): Promise<boolean> {
    const { key, version } = record
    const readAtMs = performance.now()
    const write = pending.begin(key)
    let isWritten = false
    try {
      isWritten = await store.put(record)
      return isWritten
    } finally {
      const isLatest = write.allows(version)
      write.end()
      if (isWritten) pending.noteVersion(key, version)
      else forget(key)
      if (isWritten && isLatest && isLive) cache.set(record, readAtMs)
      else cache.delete(key)
    }
  }

  /** Also of what is under way: it may have been read before. */
  function forget(key: SessionKey): void {
    cache.delete(key)
    pending.spoil(key)
  }

  function forgetAll(filter: SessionFilter): void {
    cache.deleteAll(filter)
    pending.spoilAll()
  }

  return {
    get(key) {
      const known = isLive && cache.get(key, performance.now() - maxStale * 1000)
      if (known && clock() < known.expiresAt) return known
      return readThrough(key)
    },

    put: async (record) => writeThrough(frozenCopy(record)),

    async delete(key) {
      forget(key)
      try {
        return await store.delete(key)
      } finally {
        forget(key)
      }
    },

    async deleteAll(filter) {
      forgetAll(filter)
      try {
        return await store.deleteAll(filter)
      } finally {
        forgetAll(filter)
      }
    },

    find: store.find,
    claim: store.claim,
    mark: (id, mark) => marks.write(id, mark),
    marks: (ids) => marks.read(ids),
    putTask: store.putTask,
    takeTasks: store.takeTasks,
    removeTask: store.removeTask,

    async close() {
      stopListening()
      isLive = false
      marks.reset(false)
      cache.clear()
      await store.close()
    },
  }
}

/** What is given out again and again must not be changed by whoever gets it. */
function frozenCopy(record: SessionRecord): SessionRecord {
  const present = Object.entries(record).filter(([, value]) => value !== undefined)
  const copy = Object.fromEntries(present) as unknown as SessionRecord
  const lease = copy.lease && Object.freeze({ ...copy.lease })
  return Object.freeze({ ...copy, ...(lease && { lease }) })
}

function assertWholeNumber(name: string, value: number): void {
  if (!(Number.isSafeInteger(value) && value > 0)) {
    throw new TypeError(`${name} must be a whole number above 0`)
  }
}
