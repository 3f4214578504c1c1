import { SallyportError } from '@sallyport/core'
import type { Client } from 'pg'
import { type PostgresServer, usePostgresClient } from './postgres-connection.ts'

/** How long a process may wait while another one migrates. */
const patienceMs = 30_000

/** What takes a schema from each version to the next. Only ever added to. */
const migrations: ReadonlyArray<(schema: string) => string> = [
  (schema) => `
    create table ${schema}.sessions (
      key bytea primary key,
      -- Of the record; -1 for a tombstone.
      version bigint not null,
      -- The second from which on the row means nothing.
      ends_at bigint not null,
      absolute_end bigint not null,
      -- What every store keeps of a session; none for a tombstone.
      "row" text,
      -- Hashed, because an index bounds its entries, and an issuer's URL or a subject may be longer.
      subject_group text,
      sid_group text
    );
    create index sessions_by_subject on ${schema}.sessions (subject_group)
      where subject_group is not null;
    create index sessions_by_sid on ${schema}.sessions (sid_group) where sid_group is not null;
    create index sessions_by_end on ${schema}.sessions (ends_at);
    create table ${schema}.claims (id text primary key, ends_at bigint not null);
    create index claims_by_end on ${schema}.claims (ends_at);`,
  (schema) => `
    alter table ${schema}.sessions add column issuer_group text, add column frontend_group text;
    update ${schema}.sessions set
      issuer_group = ${toGroupSql('issuer')}, frontend_group = ${toGroupSql('frontend')}
      where "row" is not null;
    -- With the key, by which the sessions of a group are paged through.
    drop index ${schema}.sessions_by_subject, ${schema}.sessions_by_sid;
    create index sessions_by_subject on ${schema}.sessions (subject_group, key)
      where subject_group is not null;
    create index sessions_by_sid on ${schema}.sessions (sid_group, key)
      where sid_group is not null;
    create table ${schema}.marks (
      id text primary key,
      at bigint not null,
      ends_at bigint not null,
      reason text not null
    );
    create index marks_by_end on ${schema}.marks (ends_at);
    create table ${schema}.tasks (
      id text primary key,
      due_at bigint not null,
      ends_at bigint not null,
      -- What every store keeps of a task, as it was put.
      task text not null
    );
    create index tasks_by_due on ${schema}.tasks (due_at);
    create index tasks_by_end on ${schema}.tasks (ends_at);`,
]

/**
 * Brings the schema to the version this code knows. Any number of processes may do so at once:
 * one does it, the others wait. A user who may not create anything is fine if nothing is to be
 * done.
 *
 * @throws `ERR_SESSION_STORE_UNAVAILABLE` for a schema of a later version, as for any failure.
 */
export async function migrate(server: PostgresServer, schema: string): Promise<void> {
  await usePostgresClient(server, patienceMs, async (client) => {
    if ((await readVersion(client, schema)) === migrations.length) return
    await client.query('begin')
    // Ends with the transaction, however that ends.
    await client.query('select pg_advisory_xact_lock(hashtext($1))', [`sallyport ${schema}`])
    await client.query(`create schema if not exists ${schema}`)
    await client.query(`
      create table if not exists ${schema}.migrations (
        version integer primary key,
        applied_at timestamptz not null default now()
      )`)
    for (let version = await readVersion(client, schema); version < migrations.length; version++) {
      await client.query(migrations[version]?.(schema) as string)
      await client.query(`insert into ${schema}.migrations (version) values ($1)`, [version + 1])
    }
    await client.query('commit')
  })
}

async function readVersion(client: Client, schema: string): Promise<number> {
  const table = `${schema}.migrations`
  const { rows: found } = await client.query('select to_regclass($1) as id', [table])
  if (!found[0]?.id) return 0
  const { rows } = await client.query(`select coalesce(max(version), 0) as latest from ${table}`)
  const latest = rows[0]?.latest as number
  if (latest > migrations.length) {
    throw new SallyportError(
      'ERR_SESSION_STORE_UNAVAILABLE',
      `the schema ${schema} in PostgreSQL has version ${latest}, this program knows ${migrations.length}: a later program has been here, use that one`,
    )
  }
  return latest
}

/** What session-groups.ts makes of a field, of the sessions that were there before. */
function toGroupSql(field: 'issuer' | 'frontend'): string {
  const words = `'["${field}",' || to_json("row"::json -> 'record' ->> '${field}')::text || ']'`
  const hash = `encode(sha256(convert_to(${words}, 'UTF8')), 'base64')`
  return `translate(${hash}, '+/=', '-_')`
}
