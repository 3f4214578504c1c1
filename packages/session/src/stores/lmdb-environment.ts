import { type Clock, SallyportError } from '@sallyport/core'
import { openLmdb } from '@sallyport/core/lmdb'
import { type Database, open } from 'lmdb'
import { createRowReader, type RowReader } from './row-reader.ts'

/**
 * `[end, key of a row]` to JSON `[LMDB version of the row, its keys in members...]`: all that the
 * sweeper needs, so that a row nobody can read is removed like any other.
 */
export type EndsTable = Database<string, [number, string]>

/** Rows that are replaced as a whole, each until its end; see lmdb-cells.ts. */
export interface CellTable {
  /** The LMDB version of an entry is random, one a write. */
  readonly rows: Database<string, string>
  readonly ends: EndsTable
  /** `place:key` for those that have a place in an order; tasks only. */
  readonly places: Database<string, string>
}

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
  /** Hash of an id to a mark's text. */
  readonly marks: CellTable
  /** Hash of an id to a task's text, listed by when it is due. */
  readonly tasks: CellTable
  /** Reads what lies under a session key; what it read lately it knows by its text. */
  readonly readRow: RowReader
  /** Gives slots of killed readers back, so that old pages can be used again. */
  clearDeadReaders(): void
  close(): Promise<void>
}

/**
 * Opens, or creates, the environment in a folder.
 *
 * @throws `ERR_SESSION_STORE_UNAVAILABLE` naming the cause and what to do.
 */
export function openLmdbEnvironment(folder: string, clock: Clock): LmdbEnvironment {
  try {
    const root = openLmdb(folder, (settings) => open(settings))
    const places = root.openDB<string, string>({ name: 'task-places', encoding: 'string' })
    const openCells = (name: string): CellTable => ({
      rows: root.openDB({ name: `${name}s`, encoding: 'string', useVersions: true }),
      ends: root.openDB({ name: `${name}-ends`, encoding: 'string' }),
      places,
    })
    return {
      sessions: root.openDB({ name: 'sessions', encoding: 'string', useVersions: true }),
      members: root.openDB({ name: 'members', encoding: 'string' }),
      ends: root.openDB({ name: 'ends', encoding: 'string' }),
      claims: root.openDB({ name: 'claims', encoding: 'string', useVersions: true }),
      claimEnds: root.openDB({ name: 'claim-ends', encoding: 'string' }),
      marks: openCells('mark'),
      tasks: openCells('task'),
      readRow: createRowReader(clock),
      clearDeadReaders: () => void root.readerCheck(),
      close: () => root.close(),
    }
  } catch (cause) {
    throw new SallyportError(
      'ERR_SESSION_STORE_UNAVAILABLE',
      `the session store in ${folder} cannot be opened: ${(cause as Error).message}`,
      { cause },
    )
  }
}
