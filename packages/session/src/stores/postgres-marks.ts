import { type Clock, sha256 } from '@sallyport/core'
import { liveMark, type Mark } from '../mark.ts'
import type { PostgresConnection } from './postgres-connection.ts'
import type { PostgresStatements } from './postgres-statements.ts'

/** The marks of a store. */
export interface PostgresMarks {
  write(id: string, mark: Mark): Promise<void>
  read(ids: readonly string[]): Promise<Array<Mark | undefined>>
}

export function createPostgresMarks(context: {
  readonly connection: PostgresConnection
  readonly statements: PostgresStatements
  readonly clock: Clock
}): PostgresMarks {
  const { connection, statements, clock } = context

  return {
    async write(id, { at, expiresAt, reason }) {
      const now = clock()
      if (expiresAt <= now) return
      await connection.query(statements.mark, [sha256(id), at, expiresAt, reason, now])
    },

    async read(ids) {
      const hashes = ids.map(sha256)
      const { rows } = await connection.query(statements.marks, [hashes])
      const now = clock()
      const found = new Map<string, Mark>()
      for (const { id, at, ends_at, reason } of rows) {
        found.set(id, { at: Number(at), expiresAt: Number(ends_at), reason })
      }
      return hashes.map((hash) => liveMark(found.get(hash), now))
    },
  }
}
