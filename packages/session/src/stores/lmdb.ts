import { type Clock, type EpochSeconds, SallyportError, systemClock } from '@sallyport/core'
import { lmdbWriteFailure } from '@sallyport/core/lmdb'
import type { SessionKey, SessionRecord } from '../record.ts'
import { assertSessionRecord } from '../record-shape.ts'
import type { SessionFilter, SessionStore } from '../store.ts'
import { claimOnce } from './lmdb-claims.ts'
import { openLmdbEnvironment } from './lmdb-environment.ts'
import { findRow, memberPrefix, replaceRow } from './lmdb-rows.ts'
import { sweepEnded } from './lmdb-sweep.ts'
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
  claim(id: string, expiresAt: EpochSeconds): Promise<boolean>
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
  const environment = openLmdbEnvironment(folder)
  const stopSweeping = startSweeping(sweep, sweepEverySeconds)
  const running = new Set<Promise<unknown>>()
  let closing: Promise<void> | undefined
  let sweeping: Promise<number> | undefined

  async function deleteOne(key: SessionKey): Promise<boolean> {
    for (;;) {
      const found = findRow(environment, key)
      const record = liveRecord(found?.row, clock())
      if (!record) return false
      const tombstone = { deletedUntil: record.absoluteExpiresAt }
      if (await replaceRow(environment, { key, found, next: tombstone })) return true
    }
  }

  async function deleteMembers(prefix: string): Promise<number> {
    let deleted = 0
    let failure: PromiseRejectedResult | undefined
    let start = prefix
    for (;;) {
      environment.members.resetReadTxn()
      const range = { start, end: `${prefix}\u{10ffff}`, exclusiveStart: true, limit: batchSize }
      const members = [...environment.members.getKeys(range)]
      const keys = members.map((member) => member.slice(prefix.length) as SessionKey)
      for (const result of await Promise.allSettled(keys.map(deleteOne))) {
        if (result.status === 'rejected') failure ??= result
        else if (result.value) deleted += 1
      }
      if (members.length < batchSize) break
      start = members.at(-1) as string
    }
    if (failure) throw failure.reason
    return deleted
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

  function assertOpen(): void {
    if (closing) {
      throw new SallyportError('ERR_SESSION_STORE_UNAVAILABLE', 'the session store is closed')
    }
  }

  return {
    get(key) {
      assertOpen()
      try {
        return liveRecord(findRow(environment, key)?.row, clock())
      } catch (error) {
        throw storeError(error, folder)
      }
    },

    async put(record) {
      assertSessionRecord(record)
      return guarded(async () => {
        const found = findRow(environment, record.key)
        if (!acceptsWrite(found?.row, record, clock())) return false
        return replaceRow(environment, { key: record.key, found, next: { record } })
      })
    },

    delete: (key) => guarded(() => deleteOne(key)),
    deleteAll: (filter) => guarded(() => deleteMembers(memberPrefix(filter))),
    claim: (id, expiresAt) =>
      guarded(() => claimOnce(environment, { id, expiresAt, now: clock() })),
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
