import type { SessionKey } from '../record.ts'
import { isSessionKey } from '../record-shape.ts'
import type { SessionFilter } from '../session-filter.ts'
import type { LmdbEnvironment } from './lmdb-environment.ts'
import { indexesOf } from './session-groups.ts'
import { encodeRow, rowEnd, type StoredRow } from './stored-row.ts'

/** A row as it was read, with what a write needs to notice that it is no longer so. */
export interface FoundRow {
  readonly row: StoredRow
  readonly version: number
}

const tombstoneVersion = -1

/** Reads what lies under a key now. */
export function findRow(
  { sessions, readRow }: LmdbEnvironment,
  key: SessionKey,
): FoundRow | undefined {
  if (!isSessionKey(key)) return undefined
  // LMDB's snapshot would otherwise live about a millisecond: too old for a request that comes
  // right after another process has acknowledged a logout.
  sessions.resetReadTxn()
  const entry = sessions.getEntry(key)
  return entry && { row: readRow(entry.value, key), version: entry.version as number }
}

/**
 * Writes `next` in place of what was found, with all index rows, in one transaction; `false` when
 * something else is there by now.
 *
 * Compares and sets natively instead of in a transaction callback: a process whose JavaScript is
 * stuck then never holds the lock that the writers of all processes need.
 */
export function replaceRow(
  { sessions, members, ends }: LmdbEnvironment,
  change: { key: SessionKey; found: FoundRow | undefined; next: StoredRow },
): Promise<boolean> {
  const { key, found, next } = change
  const version = 'record' in next ? next.record.version : tombstoneVersion
  const text = encodeRow(next)
  const memberKeys = memberKeysOf(key, next)
  const end = rowEnd(next)

  const write = () => {
    sessions.put(key, text, version)
    for (const member of memberKeys) members.put(member, '')
    ends.put([end, key], JSON.stringify([version, ...memberKeys]))
    if (!found) return
    for (const member of memberKeysOf(key, found.row)) {
      if (!memberKeys.includes(member)) members.remove(member)
    }
    if (rowEnd(found.row) !== end) ends.remove([rowEnd(found.row), key])
  }
  return found ? sessions.ifVersion(key, found.version, write) : sessions.ifNoExists(key, write)
}

/**
 * The next keys under which sessions that match may lie, in the order of keys: those in the
 * narrowest index there is, or all. What lies there now has to be looked at.
 */
export function listKeys(
  { sessions, members }: LmdbEnvironment,
  filter: SessionFilter,
  page: { limit: number; after: SessionKey | undefined },
): SessionKey[] {
  const { limit, after } = page
  const [group] = indexesOf(filter)
  const from = { exclusiveStart: true, limit }
  if (group === undefined) {
    sessions.resetReadTxn()
    const start = after === undefined ? {} : { start: after }
    return [...sessions.getKeys({ ...start, ...from })] as SessionKey[]
  }
  members.resetReadTxn()
  const prefix = `${group}:`
  const range = { start: prefix + (after ?? ''), end: `${prefix}\u{10ffff}`, ...from }
  return [...members.getKeys(range)].map((member) => member.slice(prefix.length) as SessionKey)
}

function memberKeysOf(key: SessionKey, row: StoredRow): string[] {
  if (!('record' in row)) return []
  return indexesOf(row.record).map((group) => `${group}:${key}`)
}
