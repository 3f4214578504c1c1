import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
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
const file = 'identity.mdb'

/** Opens the environment, made if it is not there: folder 0700, files 0600. */
export function openStorage(dataDir: string): Storage {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  chmodSync(dataDir, 0o700)
  const path = join(dataDir, file)
  const root = open({ path, maxDbs: 4, noSubdir: true })
  for (const name of [path, `${path}-lock`]) if (existsSync(name)) chmodSync(name, 0o600)
  const entries = root.openDB<Expiring, string>({ name: 'entries' })
  const expiries = root.openDB<true, [number, string]>({ name: 'expiries' })
  const writer = createWriter(entries, expiries)

  return {
    get: <T extends Expiring>(key: string) => entries.get(key) as T | undefined,
    keys: (prefix) => [...entries.getKeys({ start: prefix, end: `${prefix}\uffff` })],
    transact: (work) => root.transaction(() => work(writer)),
    transactSync: (work) => root.transactionSync(() => work(writer)),
    sweep: (now) => sweep({ root, entries, expiries }, now),
    close: () => root.close(),
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
    removed += await root.transaction(() => {
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
