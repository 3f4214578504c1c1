import { chmodSync } from 'node:fs'
import { SallyportError } from '@sallyport/core'
import { lmdbWriteFailure, openLmdb } from '@sallyport/core/lmdb'
import { type Database, open, type RootDatabase } from 'lmdb'

/** A stored entry: gone for good some time after `exp`, if it has one. */
export interface Expiring {
  /** Seconds since the epoch. */
  exp?: number
}

/** The server's LMDB environment. Reads are synchronous; writes belong into `transact`. */
export interface Storage {
  get<T extends Expiring>(key: string): T | undefined
  /** The keys that begin with `prefix`. */
  keys(prefix: string): string[]
  /** Runs reads and writes as one: committed together, seen by nobody half done. */
  transact<T>(work: (write: StorageWriter) => T): Promise<T>
  /** As {@link Storage.transact}, done when it returns. */
  transactSync<T>(work: (write: StorageWriter) => T): T
  /** Removes what expired before `now`. @returns how many entries went. */
  sweep(now: number): Promise<number>
  close(): Promise<void>
}

/** The writes of one transaction. */
export interface StorageWriter {
  put<T extends Expiring>(key: string, value: T): void
  remove(key: string): void
}

/** Entries outlive their `exp` by this: the provider tolerates clocks that differ by 15 s. */
const grace = 60
const sweepBatch = 500

/**
 * Opens the environment, made if it is not there: folder 0700, files 0600.
 *
 * @throws `ERR_CONFIG_INVALID` when it cannot be opened, saying why and what to do.
 */
export function openStorage(dataDir: string): Storage {
  const { root, entries, expiries } = openDatabases(dataDir)
  const writer = createWriter(entries, expiries)

  return {
    get: <T extends Expiring>(key: string) => entries.get(key) as T | undefined,
    keys: (prefix) => [...entries.getKeys({ start: prefix, end: `${prefix}\uffff` })],
    transact: (work) => transact(root, () => work(writer)),
    transactSync: (work) => root.transactionSync(() => work(writer)),
    sweep: (now) => sweep({ root, entries, expiries }, now),
    close: () => root.close(),
  }
}

function openDatabases(dataDir: string): Databases {
  try {
    return openLmdb(dataDir, (settings) => {
      // It may have been there before, made by somebody with other habits.
      chmodSync(dataDir, 0o700)
      const root = open(settings)
      return {
        root,
        entries: root.openDB({ name: 'entries' }),
        expiries: root.openDB({ name: 'expiries' }),
      }
    })
  } catch (cause) {
    const { message } = cause as Error
    throw new SallyportError('ERR_CONFIG_INVALID', `dataDir cannot be opened: ${message}`, {
      cause,
    })
  }
}

async function transact<T>(root: RootDatabase, work: () => T): Promise<T> {
  try {
    return await root.transaction(work)
  } catch (error) {
    throw await lmdbWriteFailure(error)
  }
}

function createWriter(
  entries: Database<Expiring, string>,
  expiries: Database<true, [number, string]>,
): StorageWriter {
  return {
    put(key, value) {
      // Inside a transaction writes are done when they return; the promises are for outside.
      void entries.put(key, value)
      if (value.exp !== undefined) void expiries.put([value.exp, key], true)
    },
    remove(key) {
      void entries.remove(key)
    },
  }
}

interface Databases {
  root: RootDatabase
  entries: Database<Expiring, string>
  expiries: Database<true, [number, string]>
}

async function sweep({ root, entries, expiries }: Databases, now: number): Promise<number> {
  let removed = 0
  for (;;) {
    const due = [...expiries.getKeys({ end: [now - grace], limit: sweepBatch })]
    if (due.length === 0) return removed
    removed += await transact(root, () => {
      let count = 0
      for (const [exp, key] of due) {
        // An entry that was written again with a later end has a later expiry of its own.
        if (entries.get(key)?.exp === exp) {
          void entries.remove(key)
          count += 1
        }
        void expiries.remove([exp, key])
      }
      return count
    })
  }
}
