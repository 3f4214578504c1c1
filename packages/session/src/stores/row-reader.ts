import { type Clock, createGenerations } from '@sallyport/core'
import type { SessionKey } from '../record.ts'
import { parseRow, type StoredRow } from './stored-row.ts'

/** As {@link parseRow}. */
export type RowReader = (text: string, key: SessionKey) => StoredRow

const bounds = { mostBytes: 64 * 1024 * 1024, time: 60 }
/** What a row weighs beside its text: objects, and its place in a table. */
const overheadBytes = 1024

/**
 * Creates a reader that remembers rows by key and whole text, so that a session that is used again
 * and again is not parsed and checked each time. What a row says is what was read just now.
 */
export function createRowReader(clock: Clock): RowReader {
  const rows = createGenerations<{ text: string; row: StoredRow }>({ clock, ...bounds })

  return (text, key) => {
    const known = rows.get(key)
    if (known?.text === text) return copyOf(known.row)
    const row = parseRow(text, key)
    rows.keep(key, { text, row }, overheadBytes + text.length * 2)
    return copyOf(row)
  }
}

/** What whoever reads does to a row is its own business. */
function copyOf(row: StoredRow): StoredRow {
  if (!('record' in row)) return { ...row }
  const { lease } = row.record
  return { record: lease ? { ...row.record, lease: { ...lease } } : { ...row.record } }
}
