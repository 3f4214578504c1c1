import type { EpochSeconds } from '@sallyport/core'

/** Work that must survive a restart. */
export interface StoredTask {
  readonly id: string
  /** From this second on it is given to whoever takes tasks. */
  readonly dueAt: EpochSeconds
  /** From this second on it is given to nobody any more. */
  readonly expiresAt: EpochSeconds
  /** How often it was tried: counted by the caller, not by the store. */
  readonly attempts: number
  /** What to do, sealed by the caller: a store opens nothing. */
  readonly sealed: string
}

/** How many tasks to take, and for how long. */
export interface TaskTake {
  /** At most 500. */
  readonly limit: number
  /** Seconds for which nobody else is given them. */
  readonly leaseTime: number
}

const mostTasks = 500
const counts = ['dueAt', 'expiresAt', 'attempts'] as const

/**
 * Checks a task that is about to be written.
 *
 * @throws TypeError
 */
export function assertStoredTask(task: StoredTask): void {
  const problem = taskProblem(task)
  if (problem) throw new TypeError(`task: ${problem}`)
}

/** @throws TypeError */
export function assertTaskTake({ limit, leaseTime }: TaskTake): void {
  if (!(Number.isSafeInteger(limit) && limit > 0 && limit <= mostTasks)) {
    throw new TypeError(`limit must be a whole number from 1 to ${mostTasks}`)
  }
  if (!(Number.isSafeInteger(leaseTime) && leaseTime > 0)) {
    throw new TypeError('leaseTime must be a whole number of seconds above 0')
  }
}

/** A task as text for a store that keeps texts. */
export function encodeTask(task: StoredTask): string {
  return JSON.stringify(task)
}

/** Reads what {@link encodeTask} wrote; `undefined` for anything else. */
export function parseTask(text: string): StoredTask | undefined {
  try {
    const value = JSON.parse(text)
    return taskProblem(value) ? undefined : value
  } catch {
    return undefined
  }
}

function taskProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'not an object'
  const { id, sealed, ...rest } = value as StoredTask
  if (typeof id !== 'string') return 'id is malformed'
  if (typeof sealed !== 'string') return 'sealed is malformed'
  for (const field of counts) {
    if (!(Number.isSafeInteger(rest[field]) && rest[field] >= 0)) return `${field} is malformed`
  }
  const unknown = Object.keys(rest).find((field) => !counts.includes(field as 'dueAt'))
  return unknown && `${JSON.stringify(unknown)} is not a field of a task`
}
