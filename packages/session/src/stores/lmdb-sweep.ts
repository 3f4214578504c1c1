import type { Clock } from '@sallyport/core'
import type { Database } from 'lmdb'
import type { EndsTable, LmdbEnvironment } from './lmdb-environment.ts'

/** Rows a transaction: one of thousands would slow every later commit down. */
const batchSize = 200

/** Removes sessions, tombstones, claims, marks and tasks that are over, and every index row of theirs. */
export async function sweepEnded(environment: LmdbEnvironment, clock: Clock): Promise<number> {
  const { sessions, ends, claims, claimEnds, members, marks, tasks } = environment
  environment.clearDeadReaders()
  let removed = 0
  for (const tables of [
    { rows: sessions, ends, members },
    { rows: claims, ends: claimEnds, members },
    { ...marks, members: marks.places },
    { ...tasks, members: tasks.places },
  ]) {
    removed += await sweepTable(tables, clock)
  }
  return removed
}

interface SweptTables {
  rows: Database<string, string>
  ends: EndsTable
  members: Database<string, string>
}

async function sweepTable({ rows, ends, members }: SweptTables, clock: Clock): Promise<number> {
  let removed = 0
  let start: [number, string] = [0, '']
  for (;;) {
    ends.resetReadTxn()
    const end = [clock() + 1]
    const batch = [...ends.getRange({ start, end, exclusiveStart: true, limit: batchSize })]
    const results = await Promise.all(
      batch.map(({ key: endKey, value }) => {
        const [version, ...memberKeys] = JSON.parse(value) as [number, ...string[]]
        // A row that was written again meanwhile has another version, and another end.
        return rows.ifVersion(endKey[1], version, () => {
          rows.remove(endKey[1])
          ends.remove(endKey)
          for (const member of memberKeys) members.remove(member)
        })
      }),
    )
    removed += results.filter(Boolean).length
    const last = batch.at(-1)
    if (!last || batch.length < batchSize) return removed
    start = last.key
  }
}
