import { closeSync, existsSync, mkdirSync, openSync, readSync } from 'node:fs'
import { endianness } from 'node:os'
import { join } from 'node:path'

/** What lmdb's `open` is to be called with. */
export interface LmdbSettings {
  readonly path: string
  readonly permissionsMode: number
  readonly noSubdir: false
  readonly overlappingSync: false
  readonly eventTurnBatching: false
}

/**
 * Opens an LMDB environment in a folder, made with mode 0700 when it is missing, its files 0600.
 *
 * Every environment of this stack is opened through it, since the binding has traps: a data file
 * that is not its own ends the process, a full disk does too, and acknowledged is not yet synced.
 *
 * @param open calls lmdb, which this package does not depend on
 * @throws an Error whose message says what to do
 *
 * @example
 * ```ts
 * const root = openLmdb(folder, (settings) => open(settings))
 * ```
 */
export function openLmdb<Environment>(
  folder: string,
  open: (settings: LmdbSettings) => Environment,
): Environment {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    assertDataFile(join(folder, 'data.mdb'))
    return open({
      path: folder,
      permissionsMode: 0o600,
      // Without this a folder with a dot in its name would be taken for a file.
      noSubdir: false,
      // A commit is synced before it is acknowledged: measured as fast as syncing later, and a
      // power cut then loses nothing that was acknowledged.
      overlappingSync: false,
      // With it on, lmdb makes a promise nobody can catch, and a full disk ends the process.
      eventTurnBatching: false,
    })
  } catch (cause) {
    throw new Error(explain(cause), { cause })
  }
}

/**
 * What made a write of lmdb fail. To be asked of each one that rejects: lmdb keeps the cause of a
 * failed commit in a promise, which ends the process when nobody wants to know.
 */
export async function lmdbWriteFailure(error: unknown): Promise<unknown> {
  const cause = error instanceof Error && 'commitError' in error ? error.commitError : undefined
  if (!(cause instanceof Promise)) return error
  return cause.then(
    () => error,
    (reason: unknown) => reason,
  )
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
    return `${message}. It is damaged or belongs to something else: restore it, or move it away and begin anew`
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
