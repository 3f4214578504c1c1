import type { EpochSeconds } from '@sallyport/core'
import { parseTask, type StoredTask } from '../task.ts'
import { unreadable } from './stored-row.ts'

/**
 * Reads tasks that were just leased. One that cannot be read must not keep the others from being
 * done: it becomes a process warning, and goes at its end.
 */
export function toTasks(texts: readonly string[], dueAt: EpochSeconds): StoredTask[] {
  const tasks = texts.map(parseTask)
  if (tasks.includes(undefined)) process.emitWarning(unreadable('task', 'malformed'))
  return tasks.filter((task) => task !== undefined).map((task) => ({ ...task, dueAt }))
}
