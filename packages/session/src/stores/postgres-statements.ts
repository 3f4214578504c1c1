import { changesChannel } from './postgres-changes.ts'
import type { Statement } from './postgres-connection.ts'

/** The statements of a store, in one schema. */
export interface PostgresStatements {
  readonly get: Statement
  readonly create: Statement
  readonly update: Statement
  readonly delete: Statement
  readonly deleteBySubject: Statement
  readonly deleteBySid: Statement
  readonly claim: Statement
  readonly sweepSessions: Statement
  readonly sweepClaims: Statement
}

/** Sessions deleted in one transaction, so that none takes long. */
const deleteBatch = 500

/** Rows the sweeper removes in one transaction. */
export const sweepBatch = 500

export function toStatements(schema: string): PostgresStatements {
  const sessions = `${schema}.sessions`
  const claims = `${schema}.claims`
  const toTombstone = `version = -1, ends_at = absolute_end, "row" = null,
    subject_group = null, sid_group = null`

  // Told when it is committed, in the same step; counts what was changed.
  const telling = (write: string) => `
    changed as (${write} returning stored.key, stored.version)
    select pg_notify('${changesChannel(schema)}', version || ' ' || encode(key, 'hex'))
    from changed`

  // In the order of keys, so that two of these never wait for each other.
  const deleteBy = (column: string) => `
    with doomed as (
      select key from ${sessions} where ${column} = $1 and ends_at > $2
      order by key limit ${deleteBatch} for update),
    ${telling(`
      update ${sessions} as stored set ${toTombstone} from doomed where stored.key = doomed.key`)}`

  // What another process is removing is left to it.
  const sweep = (table: string, key: string) => `
    delete from ${table} where ${key} in (
      select ${key} from ${table} where ends_at <= $1
      order by ends_at limit ${sweepBatch} for update skip locked)`

  const texts: Record<keyof PostgresStatements, string> = {
    get: `select "row" from ${sessions} where key = $1`,
    create: `with ${telling(`
      insert into ${sessions} as stored
        (key, version, ends_at, absolute_end, "row", subject_group, sid_group)
      values ($1, $2, $3, $4, $5, $6, $7)
      on conflict (key) do update set version = excluded.version, ends_at = excluded.ends_at,
        absolute_end = excluded.absolute_end, "row" = excluded."row",
        subject_group = excluded.subject_group, sid_group = excluded.sid_group
      where stored.ends_at <= $8`)}`,
    update: `with ${telling(`
      update ${sessions} as stored set version = $2, ends_at = $3, absolute_end = $4, "row" = $5,
        subject_group = $6, sid_group = $7
      where key = $1 and version = $2 - 1 and ends_at > $8`)}`,
    delete: `with ${telling(`
      update ${sessions} as stored set ${toTombstone}
      where key = $1 and version > 0 and ends_at > $2`)}`,
    deleteBySubject: deleteBy('subject_group'),
    deleteBySid: deleteBy('sid_group'),
    claim: `
      insert into ${claims} as stored (id, ends_at) values ($1, $2)
      on conflict (id) do update set ends_at = excluded.ends_at where stored.ends_at <= $3`,
    sweepSessions: sweep(sessions, 'key'),
    sweepClaims: sweep(claims, 'id'),
  }
  const named = Object.entries(texts).map(([name, text]) => [name, { name, text }] as const)
  return Object.fromEntries(named) as unknown as PostgresStatements
}
