import { changesChannel } from './postgres-changes.ts'
import type { Statement } from './postgres-connection.ts'
import type { SessionGroups } from './session-groups.ts'

/** The statements of a store, in one schema. */
export interface PostgresStatements {
  readonly get: Statement
  readonly create: Statement
  readonly update: Statement
  readonly delete: Statement
  readonly claim: Statement
  readonly mark: Statement
  readonly marks: Statement
  readonly putTask: Statement
  readonly takeTasks: Statement
  readonly removeTask: Statement
  readonly sweepSessions: Statement
  readonly sweepClaims: Statement
  readonly sweepMarks: Statement
  readonly sweepTasks: Statement
  /** Looks at the next rows that are in an index (or all), and gives those that match. */
  findBy(groups: SessionGroups): Statement
  /** Looks at the next rows in the same way, and deletes those that match. */
  deleteBy(groups: SessionGroups): Statement
}

/** Rows the sweeper removes in one transaction. */
export const sweepBatch = 500

export function toStatements(schema: string): PostgresStatements {
  const sessions = `${schema}.sessions`
  const claims = `${schema}.claims`
  const marks = `${schema}.marks`
  const tasks = `${schema}.tasks`
  const toTombstone = `version = -1, ends_at = absolute_end, "row" = null,
    subject_group = null, sid_group = null, issuer_group = null, frontend_group = null`

  const notify = (message: string) => `pg_notify('${changesChannel(schema)}', ${message})`

  // Told when it is committed, in the same step.
  const telling = (write: string) => `
    changed as (${write} returning stored.key, stored.version),
    told as (
      select key, ${notify(`version || ' ' || encode(key, 'hex')`)} from changed)`

  // What another process is removing is left to it.
  const sweep = (table: string, key: string) => `
    delete from ${table} where ${key} in (
      select ${key} from ${table} where ends_at <= $1
      order by ends_at limit ${sweepBatch} for update skip locked)`

  const texts = {
    get: `select "row" from ${sessions} where key = $1`,
    create: `with ${telling(`
      insert into ${sessions} as stored
        (key, version, ends_at, absolute_end, "row",
          subject_group, sid_group, issuer_group, frontend_group)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
      on conflict (key) do update set version = excluded.version, ends_at = excluded.ends_at,
        absolute_end = excluded.absolute_end, "row" = excluded."row",
        subject_group = excluded.subject_group, sid_group = excluded.sid_group,
        issuer_group = excluded.issuer_group, frontend_group = excluded.frontend_group
      where stored.ends_at <= $10`)} select * from told`,
    update: `with ${telling(`
      update ${sessions} as stored set version = $2, ends_at = $3, absolute_end = $4, "row" = $5,
        subject_group = $6, sid_group = $7, issuer_group = $8, frontend_group = $9
      where key = $1 and version = $2 - 1 and ends_at > $10`)} select * from told`,
    delete: `with ${telling(`
      update ${sessions} as stored set ${toTombstone}
      where key = $1 and version > 0 and ends_at > $2`)} select * from told`,
    claim: `
      insert into ${claims} as stored (id, ends_at) values ($1, $2)
      on conflict (id) do update set ends_at = excluded.ends_at where stored.ends_at <= $3`,
    mark: `
      with changed as (
        insert into ${marks} as stored (id, at, ends_at, reason) values ($1, $2, $3, $4)
        on conflict (id) do update
          set at = excluded.at, ends_at = excluded.ends_at, reason = excluded.reason
          where stored.ends_at <= $5 or stored.at <= excluded.at
        returning id)
      select ${notify(`'mark ' || id`)} from changed`,
    marks: `select id, at, ends_at, reason from ${marks} where id = any($1)`,
    putTask: `
      insert into ${tasks} (id, due_at, ends_at, task) values ($1, $2, $3, $4)
      on conflict (id) do update
        set due_at = excluded.due_at, ends_at = excluded.ends_at, task = excluded.task`,
    // What another process is taking is left to it.
    takeTasks: `
      with due as (
        select id from ${tasks} where due_at <= $1 and ends_at > $1
        order by due_at limit $2 for update skip locked)
      update ${tasks} as stored set due_at = $3 from due where stored.id = due.id
      returning stored.task`,
    removeTask: `delete from ${tasks} where id = $1`,
    sweepSessions: sweep(sessions, 'key'),
    sweepClaims: sweep(claims, 'id'),
    sweepMarks: sweep(marks, 'id'),
    sweepTasks: sweep(tasks, 'id'),
  }
  const named = Object.entries(texts).map(([name, text]) => [name, { name, text }] as const)
  const fixed = Object.fromEntries(named) as Record<keyof typeof texts, Statement>

  return {
    ...fixed,

    findBy(groups) {
      const { indexed, matching, name } = toConditions(groups)
      const text = `
        select key, case when ${matching} then "row" end as "row"
        from ${sessions} where ${indexed} and key > $2 order by key limit $3`
      return { name: `find_${name}`, text }
    },

    deleteBy(groups) {
      const { indexed, matching, name } = toConditions(groups)
      // In the order of keys, so that two of these never wait for each other.
      const text = `
        with page as (
          select key from ${sessions} where ${indexed} and key > $2 order by key limit $3),
        doomed as (
          select key from ${sessions} where key in (select key from page) and ${matching}
          order by key for update),
        ${telling(`
          update ${sessions} as stored set ${toTombstone} from doomed
          where stored.key = doomed.key`)}
        select (select count(*)::int from page) as looked_at, (select count(*)::int from told) as deleted,
          (select key from page order by key desc limit 1) as last_key`
      return { name: `delete_${name}`, text }
    },
  }
}

const columns = ['sid', 'subject', 'issuer', 'frontend'] as const

/** Values: the second it is now, the key after which to look, how many, and the groups in order. */
function toConditions(groups: SessionGroups) {
  const given = columns.filter((column) => groups[column] !== undefined)
  const conditions = given.map((column, index) => `${column}_group = $${index + 4}`)
  const isIndexed = given[0] === 'sid' || given[0] === 'subject'
  return {
    indexed: isIndexed ? (conditions[0] as string) : 'true',
    matching: ['version > 0', 'ends_at > $1', ...conditions].join(' and '),
    name: given.join('_') || 'all',
  }
}

/** The groups as values, in the order in which {@link toStatements} expects them. */
export function groupValues(groups: SessionGroups): string[] {
  return columns.map((column) => groups[column]).filter((group) => group !== undefined)
}
