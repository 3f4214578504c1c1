import { randomInt } from 'node:crypto'
import { type EpochSeconds, sha256 } from '@sallyport/core'
import type { CellTable } from './lmdb-environment.ts'

/** What lies under an id, as a store keeps it. */
export interface Cell {
  readonly text: string
  /** The sweeper removes it from this second on. */
  readonly end: EpochSeconds
  /** Its place in an order, if it has one. */
  readonly place?: string
}

/** A cell as it was read, with what a write needs to notice that it is no longer so. */
export interface FoundCell {
  readonly text: string
  readonly version: number
}

/** How a table's texts are understood: the end and the place of one, whoever wrote it. */
export type ReadCell = (text: string) => Omit<Cell, 'text'>

/** The key of an id of any length: LMDB bounds keys. */
export const toCellKey: (id: string) => string = sha256

/** Reads what lies under a key now. */
export function findCell({ rows }: CellTable, key: string): FoundCell | undefined {
  // LMDB's snapshot would otherwise be up to a millisecond old.
  rows.resetReadTxn()
  const entry = rows.getEntry(key)
  return entry && { text: entry.value, version: entry.version as number }
}

/**
 * Puts a cell in place of what was found, or nothing, with all index rows, in one transaction;
 * `false` when something else is there by now. Compares and sets natively, as sessions do.
 */
export function replaceCell(
  { rows, ends, places }: CellTable,
  change: { key: string; found: FoundCell | undefined; next: Cell | undefined; read: ReadCell },
): Promise<boolean> {
  const { key, found, next, read } = change

  const write = () => {
    if (found) {
      const { end, place } = read(found.text)
      ends.remove([end, key])
      if (place !== undefined) places.remove(`${place}:${key}`)
    }
    if (!next) {
      rows.remove(key)
      return
    }
    const { text, end, place } = next
    const version = randomInt(2 ** 47)
    const placeKeys = place === undefined ? [] : [`${place}:${key}`]
    rows.put(key, text, version)
    ends.put([end, key], JSON.stringify([version, ...placeKeys]))
    for (const placeKey of placeKeys) places.put(placeKey, '')
  }
  return found ? rows.ifVersion(key, found.version, write) : rows.ifNoExists(key, write)
}
