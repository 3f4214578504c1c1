import type { EpochSeconds } from '@sallyport/core'
import { encodeMark, liveMark, type Mark, parseMark, supersedes } from '../mark.ts'
import { findCell, replaceCell, toCellKey } from './lmdb-cells.ts'
import type { CellTable } from './lmdb-environment.ts'
import { unreadable } from './stored-row.ts'

/** Writes a mark; see `SessionStore.mark`. */
export async function writeMark(
  table: CellTable,
  write: { id: string; mark: Mark; now: EpochSeconds },
): Promise<void> {
  const { id, mark, now } = write
  const key = toCellKey(id)
  const next = { text: encodeMark(mark), end: mark.expiresAt }
  const read = (text: string) => ({ end: toMark(text, key).expiresAt })
  for (;;) {
    const found = findCell(table, key)
    if (!supersedes(mark, found && toMark(found.text, key), now)) return
    if (await replaceCell(table, { key, found, next, read })) return
  }
}

/** The marks of some ids; see `SessionStore.marks`. */
export function readMarks(
  { rows }: CellTable,
  ids: readonly string[],
  now: EpochSeconds,
): Array<Mark | undefined> {
  rows.resetReadTxn()
  return ids.map((id) => {
    const key = toCellKey(id)
    const text = rows.get(key)
    return text === undefined ? undefined : liveMark(toMark(text, key), now)
  })
}

function toMark(text: string, key: string): Mark {
  const mark = parseMark(text)
  if (!mark) throw unreadable(`mark ${key}`, 'malformed')
  return mark
}
