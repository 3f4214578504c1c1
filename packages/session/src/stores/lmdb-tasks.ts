import type { EpochSeconds } from '@sallyport/core'
import { encodeTask, parseTask, type StoredTask, type TaskTake } from '../task.ts'
import { findCell, replaceCell, toCellKey } from './lmdb-cells.ts'
import type { CellTable } from './lmdb-environment.ts'
import { unreadable } from './stored-row.ts'

/** Keeps a task, or (with `undefined`) none, under an id; see `SessionStore.putTask`. */
export async function writeTask(
  table: CellTable,
  id: string,
  task: StoredTask | undefined,
): Promise<void> {
  const key = toCellKey(id)
  for (;;) {
    const found = findCell(table, key)
    if (!found && !task) return
    if (await replaceCell(table, { key, found, next: task && toCell(task), read: readTask })) return
  }
}

/** Takes what is due; see `SessionStore.takeTasks`. */
export async function takeDueTasks(
  table: CellTable,
  { limit, leaseTime, now }: TaskTake & { now: EpochSeconds },
): Promise<StoredTask[]> {
  const taken: StoredTask[] = []
  let start = ''
  while (taken.length < limit) {
    table.places.resetReadTxn()
    const range = {
      start,
      end: toPlace(now + 1),
      exclusiveStart: true,
      limit: limit - taken.length,
    }
    const due = [...table.places.getKeys(range)]
    const attempts = await Promise.all(due.map((place) => takeOne(place)))
    taken.push(...attempts.filter((task) => task !== undefined))
    if (due.length < range.limit) break
    start = due.at(-1) as string
  }
  return taken

  async function takeOne(placeKey: string): Promise<StoredTask | undefined> {
    const key = placeKey.slice(placeKey.indexOf(':') + 1)
    const found = findCell(table, key)
    const task = found && parseTask(found.text)
    // One that cannot be read must not keep the others from being done; it goes at its end.
    if (found && !task) process.emitWarning(unreadable(`task ${key}`, 'malformed'))
    // Taken by another process, or put off, since the list was read.
    if (!task || task.dueAt > now) return undefined
    const isOver = now >= task.expiresAt
    const leased = { ...task, dueAt: now + leaseTime }
    const next = isOver ? undefined : toCell(leased)
    const isMine = await replaceCell(table, { key, found, next, read: readTask })
    return isMine && !isOver ? leased : undefined
  }
}

function toCell(task: StoredTask) {
  return { text: encodeTask(task), end: task.expiresAt, place: toPlace(task.dueAt) }
}

function readTask(text: string) {
  const task = parseTask(text)
  if (!task) throw unreadable('task', 'malformed')
  return { end: task.expiresAt, place: toPlace(task.dueAt) }
}

/** As text that sorts as the second does. */
function toPlace(second: EpochSeconds): string {
  return `${second}`.padStart(16, '0')
}
