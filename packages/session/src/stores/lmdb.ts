import { type Clock, type EpochSeconds, SallyportError, systemClock } from '@sallyport/core'
import { lmdbWriteFailure } from '@sallyport/core/lmdb'
import { assertMark, assertMarkIds, type Mark } from '../mark.ts'
import type { SessionKey, SessionRecord } from '../record.ts'
import { assertSessionRecord } from '../record-shape.ts'
import { assertSessionFilter, matchesFilter, type SessionFilter } from '../session-filter.ts'
import { assertPageRequest, type PageRequest, type SessionPage } from '../session-page.ts'
import type { SessionStore } from '../store.ts'
import { assertStoredTask, assertTaskTake, type StoredTask, type TaskTake } from '../task.ts'
import { claimOnce } from './lmdb-claims.ts'
import { openLmdbEnvironment } from './lmdb-environment.ts'
import { readMarks, writeMark } from './lmdb-marks.ts'
import { findRow, listKeys, replaceRow } from './lmdb-rows.ts'
import { sweepEnded } from './lmdb-sweep.ts'
import { takeDueTasks, writeTask } from './lmdb-tasks.ts'
import { acceptsWrite, liveRecord } from './stored-row.ts'
import { assertSweepPause, startSweeping } from './sweep-timer.ts'

/** Where and how an LMDB store keeps sessions. */
export interface LmdbStoreOptions {
  /** Created (mode 0700) when missing. Its own: nothing else may be kept in it. Local disk only. */
  folder: string
  /** @defaultValue the machine's clock */
  clock?: Clock
  /**
   * Seconds between two removals of what is over; at most a day.
   *
   * @defaultValue 60
   */
  sweepEverySeconds?: number
}

/** A {@link SessionStore} on LMDB: reads answer at once. */
export interface LmdbStore extends SessionStore {
  get(key: SessionKey): SessionRecord | undefined
  put(record: SessionRecord): Promise<boolean>
  delete(key: SessionKey): Promise<boolean>
  deleteAll(filter: SessionFilter): Promise<number>
  find(filter: SessionFilter, page: PageRequest): SessionPage
  claim(id: string, expiresAt: EpochSeconds): Promise<boolean>
  mark(id: string, mark: Mark): Promise<void>
  marks(ids: readonly string[]): Array<Mark | undefined>
  putTask(task: StoredTask): Promise<void>
  takeTasks(take: TaskTake): Promise<StoredTask[]>
  removeTask(id: string): Promise<void>
  /** Removes what is over now, without waiting for the timer. @returns how many rows. */
  sweep(): Promise<number>
  close(): Promise<void>
}

/** Sessions deleted in one transaction: one of thousands would slow later commits down. */
const batchSize = 200

/**
 * Opens a store in a folder that all processes of one machine share: each opens it itself.
 *
 * A read sees every write that was acknowledged before it, by whichever process. A write is
 * acknowledged when it is on disk: killing the process loses nothing, and neither does a power
 * cut if the disk keeps what it confirmed (`fdatasync`). Not for network file systems. A process
 * that is killed while it writes blocks nobody.
 *
 * @throws `ERR_SESSION_STORE_UNAVAILABLE` when the folder cannot be used; also thrown, or
 * rejected with, by each method later on when reading or writing fails, and after `close`.
 */
export function createLmdbStore(options: LmdbStoreOptions): LmdbStore {
  const { folder, clock = systemClock, sweepEverySeconds = 60 } = options
  assertSweepPause(sweepEverySeconds)
  const environment = openLmdbEnvironment(folder, clock)
  const stopSweeping = startSweeping(sweep, sweepEverySeconds)
  const running = new Set<Promise<unknown>>()
  let closing: Promise<void> | undefined
  let sweeping: Promise<number> | undefined

  async function deleteOne(key: SessionKey, filter: SessionFilter): Promise<boolean> {
    for (;;) {
      const found = findRow(environment, key)
      const record = liveRecord(found?.row, clock())
      if (!record || !matchesFilter(record, filter)) return false
      const tombstone = { deletedUntil: record.absoluteExpiresAt }
      if (await replaceRow(environment, { key, found, next: tombstone })) return true
    }
  }

  async function deleteMatching(filter: SessionFilter): Promise<number> {
    let deleted = 0
    let failure: PromiseRejectedResult | undefined
    let after: SessionKey | undefined
    do {
      const keys = listKeys(environment, filter, { limit: batchSize, after })
      const deletions = keys.map((key) => deleteOne(key, filter))
      for (const result of await Promise.allSettled(deletions)) {
        if (result.status === 'rejected') failure ??= result
        else if (result.value) deleted += 1
      }
      after = keys.length < batchSize ? undefined : keys.at(-1)
    } while (after !== undefined)
    if (failure) throw failure.reason
    return deleted
  }

  function findMatching(filter: SessionFilter, { limit, after }: PageRequest): SessionPage {
    const keys = listKeys(environment, filter, { limit, after: after as SessionKey | undefined })
    const now = clock()
    const records = keys.map((key) => liveRecord(findRow(environment, key)?.row, now))
    const sessions = records.filter((record) => record && matchesFilter(record, filter))
    return {
      sessions: sessions as SessionRecord[],
      ...(keys.length === limit && { next: keys.at(-1) }),
    }
  }

  function sweep(): Promise<number> {
    sweeping ??= guarded(() => sweepEnded(environment, clock)).finally(() => {
      sweeping = undefined
    })
    return sweeping
  }

  async function guarded<T>(action: () => Promise<T>): Promise<T> {
    assertOpen()
    const attempt = action()
    running.add(attempt)
    try {
      return await attempt
    } catch (error) {
      throw storeError(await lmdbWriteFailure(error), folder)
    } finally {
      running.delete(attempt)
    }
  }

  function readNow<T>(read: () => T): T {
    assertOpen()
    try {
      return read()
    } catch (error) {
      throw storeError(error, folder)
    }
  }

  function assertOpen(): void {
    if (closing) {
      throw new SallyportError('ERR_SESSION_STORE_UNAVAILABLE', 'the session store is closed')
    }
  }

  return {
    get: (key) => readNow(() => liveRecord(findRow(environment, key)?.row, clock())),

    async put(record) {
      assertSessionRecord(record)
      return guarded(async () => {
        const found = findRow(environment, record.key)
        if (!acceptsWrite(found?.row, record, clock())) return false
        return replaceRow(environment, { key: record.key, found, next: { record } })
      })
    },

    delete: (key) => guarded(() => deleteOne(key, {})),

    async deleteAll(filter) {
      assertSessionFilter(filter)
      return guarded(() => deleteMatching(filter))
    },

    find(filter, page) {
      assertSessionFilter(filter)
      assertPageRequest(page)
      return readNow(() => findMatching(filter, page))
    },

    claim: (id, expiresAt) =>
      guarded(() => claimOnce(environment, { id, expiresAt, now: clock() })),

    async mark(id, mark) {
      assertMark(mark)
      return guarded(() => writeMark(environment.marks, { id, mark, now: clock() }))
    },

    marks(ids) {
      assertMarkIds(ids)
      return readNow(() => readMarks(environment.marks, ids, clock()))
    },

    async putTask(task) {
      assertStoredTask(task)
      return guarded(() => writeTask(environment.tasks, task.id, task))
    },

    async takeTasks(take) {
      assertTaskTake(take)
      return guarded(() => takeDueTasks(environment.tasks, { ...take, now: clock() }))
    },

    removeTask: (id) => guarded(() => writeTask(environment.tasks, id, undefined)),
    sweep,

    close() {
      stopSweeping()
      // LMDB's binding may crash on a read of a closed environment: let what runs finish first.
      closing ??= Promise.allSettled(running).then(() => environment.close())
      return closing
    },
  }
}

/** A failed commit carries its reason in a promise that must be caught. */
function storeError(error: unknown, folder: string): SallyportError {
  if (error instanceof SallyportError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new SallyportError(
    'ERR_SESSION_STORE_UNAVAILABLE',
    `the session store in ${folder} failed: ${reason}`,
    { cause: error },
  )
}
