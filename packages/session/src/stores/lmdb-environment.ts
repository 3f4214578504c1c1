import { closeSync, existsSync, mkdirSync, openSync, readSync } from 'node:fs'
import { endianness } from 'node:os'
import { join } from 'node:path'
import { SallyportError } from '@sallyport/core'
import { type Database, open, type RootDatabaseOptionsWithPath } from 'lmdb'

/**
 * `[end, key of a row]` to JSON `[LMDB version of the row, its keys in members...]`: all that the
 * sweeper needs, so that a row nobody can read is removed like any other.
 */
export type EndsTable = Database<string, [number, string]>

/** The tables of a session store and the environment that holds them. */
export interface LmdbEnvironment {
  /** Session key to row. The LMDB version of an entry is the record's, or -1 for a tombstone. */
  readonly sessions: Database<string, string>
  /** `hash:sessionKey`, one for each thing `deleteAll` can look for. */
  readonly members: Database<string, string>
  readonly ends: EndsTable
  /** Hash of an id to nothing. The LMDB version of an entry is the second the claim ends. */
  readonly claims: Database<string, string>
  readonly claimEnds: EndsTable
  /** Gives slots of killed readers back, so that old pages can be used again. */
  clearDeadReaders(): void
  close(): Promise<void>
}

/**
 * Opens, or creates, the environment in a folder.
 *
 * @throws `ERR_SESSION_STORE_UNAVAILABLE` naming the cause and what to do.
 */
export function openLmdbEnvironment(folder: string): LmdbEnvironment {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    assertDataFile(join(folder, 'data.mdb'))
    const options: RootDatabaseOptionsWithPath & { permissionsMode: number } = {
      path: folder,
      permissionsMode: 0o600,
      // Without this a folder with a dot in its name would be taken for a file.
      noSubdir: false,
      // A commit is synced before it is acknowledged: measured as fast as syncing later, and a
      // power cut then loses nothing that was acknowledged.
      overlappingSync: false,
      // With it on, lmdb makes a promise nobody can catch, and a full disk ends the process.
      eventTurnBatching: false,
    }
    const root = open(options)
    return {
      sessions: root.openDB({ name: 'sessions', encoding: 'string', useVersions: true }),
      members: root.openDB({ name: 'members', encoding: 'string' }),
      ends: root.openDB({ name: 'ends', encoding: 'string' }),
      claims: root.openDB({ name: 'claims', encoding: 'string', useVersions: true }),
      claimEnds: root.openDB({ name: 'claim-ends', encoding: 'string' }),
      clearDeadReaders: () => void root.readerCheck(),
      close: () => root.close(),
    }
  } catch (cause) {
    throw new SallyportError(
      'ERR_SESSION_STORE_UNAVAILABLE',
      `the session store in ${folder} cannot be opened: ${explain(cause)}`,
      { cause },
    )
  }
}

class NotLmdbError extends Error {}

/** LMDB's binding crashes the process on a file that is not its own, so look before it does. */
function assertDataFile(path: string): void {
  if (!existsSync(path)) return
  const header = Buffer.alloc(32)
  const file = openSync(path, 'r')
  const length = readSync(file, header)
  closeSync(file)
  if (length === 0) return
  const little = endianness() === 'LE'
  const magic = little ? header.readUInt32LE(24) : header.readUInt32BE(24)
  const version = (little ? header.readUInt32LE(28) : header.readUInt32BE(28)) & 0xffff
  if (length < header.length || magic !== 0xbeefc0de || version !== 2) {
    throw new NotLmdbError(`${path} is no LMDB data file of format 2`)
  }
}

function explain(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause)
  if (cause instanceof NotLmdbError) {
    return `${message}. It is damaged or belongs to something else: restore it, or move it away and everybody signs in again`
  }
  if (/EEXIST|ENOTDIR|not a directory|is a directory/i.test(message)) {
    return `${message}. It must be a folder (or not exist yet) in a path of folders`
  }
  if (/EACCES|EPERM|EROFS|permission denied|not permitted|read-only/i.test(message)) {
    return `${message}. Give the folder to the user this process runs as (chown), on a disk that can be written`
  }
  if (/ENOSPC|no space/i.test(message)) return `${message}. Make room on the disk`
  return message
}
