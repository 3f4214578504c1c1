import { type Clock, sha256 } from '@sallyport/core'
import { encodeTask, type StoredTask, type TaskTake } from '../task.ts'
import type { PostgresConnection } from './postgres-connection.ts'
import type { PostgresStatements } from './postgres-statements.ts'
import { toTasks } from './stored-tasks.ts'

/** The tasks of a store. */
export interface PostgresTasks {
  put(task: StoredTask): Promise<void>
  take(take: TaskTake): Promise<StoredTask[]>
  remove(id: string): Promise<void>
}

export function createPostgresTasks(context: {
  readonly connection: PostgresConnection
  readonly statements: PostgresStatements
  readonly clock: Clock
}): PostgresTasks {
  const { connection, statements, clock } = context

  return {
    async put(task) {
      const { id, dueAt, expiresAt } = task
      const values = [sha256(id), dueAt, expiresAt, encodeTask(task)]
      await connection.query(statements.putTask, values)
    },

    async take({ limit, leaseTime }) {
      const now = clock()
      const dueAt = now + leaseTime
      const { rows } = await connection.query(statements.takeTasks, [now, limit, dueAt])
      const texts = rows.map(({ task }): string => task)
      return toTasks(texts, dueAt)
    },

    async remove(id) {
      await connection.query(statements.removeTask, [sha256(id)])
    },
  }
}
