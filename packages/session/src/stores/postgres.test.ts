import { randomBytes } from 'node:crypto'
import { type Clock, createSecret } from '@sallyport/core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { SessionKey } from '../record.ts'
import { createRecord, start } from '../testing/contract-setting.ts'
import { sessionStoreContract } from '../testing/index.ts'
import { openLiveCache } from '../testing/live-cache.fixture.ts'
import { type PostgresTestServer, startPostgresServer } from '../testing/postgres-server.fixture.ts'
import { createPostgresStore, type PostgresStoreOptions } from './postgres.ts'

let server: PostgresTestServer
const unavailable = 'ERR_SESSION_STORE_UNAVAILABLE'

beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(() => server?.stop())

function newSchema(): string {
  return `s${randomBytes(8).toString('hex')}`
}

async function openStore(options: Partial<PostgresStoreOptions> = {}) {
  const place = { url: server.url, schema: newSchema(), timeoutMs: 20_000 }
  const given = { ...place, ...options } as PostgresStoreOptions
  const store = await createPostgresStore(given)
  onTestFinished(() => store.close())
  return store
}

/** Empty, and faster than a new schema. */
async function openEmptyStore(clock: Clock) {
  const place = { url: server.url, schema: 'contract', timeoutMs: 20_000, maxConnections: 3 }
  const store = await createPostgresStore({ ...place, clock })
  await server.query(
    'delete from contract.sessions; delete from contract.claims; delete from contract.marks; delete from contract.tasks',
  )
  return store
}

sessionStoreContract({
  name: 'PostgreSQL store',
  create: ({ clock }) => openEmptyStore(clock),
})

sessionStoreContract({
  name: 'cache on PostgreSQL',
  create: async ({ clock }) => openLiveCache(await openEmptyStore(clock), clock),
})

describe('the schema', () => {
  test('is made once when ten processes start at once', async () => {
    const schema = newSchema()
    const stores = await Promise.all(Array.from({ length: 10 }, () => openStore({ schema })))
    const record = createRecord({ expiresAt: start * 2, absoluteExpiresAt: start * 2 })
    expect(await stores[0]?.put(record)).toBe(true)
    expect(await stores[9]?.get(record.key)).toEqual(record)
    const { rows } = await server.query(`select version from ${schema}.migrations`)
    expect(rows).toEqual([{ version: 1 }, { version: 2 }])
  })

  test('of the first version is brought up, and its sessions are found by issuer and frontend', async () => {
    const schema = newSchema()
    const before = await openStore({ schema, clock: () => start })
    const record = createRecord({ frontend: 'a"\\ü/\n', issuer: 'https://issuer.example/ü?"' })
    await before.put(record)
    await before.close()
    await server.query(`
      drop table ${schema}.marks, ${schema}.tasks;
      alter table ${schema}.sessions drop column issuer_group, drop column frontend_group;
      delete from ${schema}.migrations where version = 2`)
    const store = await openStore({ schema, clock: () => start })
    expect(await store.get(record.key)).toEqual(record)
    const { frontend, issuer } = record
    const page = await store.find({ issuer, frontend }, { limit: 1 })
    expect(page.sessions).toEqual([record])
    expect(await store.deleteAll({ issuer })).toBe(1)
  })

  test('of a later version is refused, and left as it is', async () => {
    const schema = newSchema()
    await openStore({ schema })
    await server.query(`insert into ${schema}.migrations (version) values (3)`)
    await expect(openStore({ schema })).rejects.toMatchObject({
      code: unavailable,
      message: expect.stringMatching(/version 3, this program knows 2/),
    })
  })

  test('that is there needs no right to make one', async () => {
    const schema = newSchema()
    await openStore({ schema })
    await server.query(`
      create role ${schema} login;
      grant usage on schema ${schema} to ${schema};
      grant select, insert, update, delete on all tables in schema ${schema} to ${schema}`)
    const url = server.url.replace('sallyport@', `${schema}@`)
    const store = await openStore({ schema, url })
    expect(await store.claim('id', start * 2)).toBe(true)
    await expect(openStore({ url })).rejects.toThrow(/permission denied/)
  })
})

describe('the sweeper', () => {
  test('removes sessions, tombstones, claims, marks and tasks that are over, with several at work', async () => {
    const schema = newSchema()
    let now = start
    const options = { schema, clock: () => now }
    const [store, other] = [await openStore(options), await openStore(options)]
    const claims = Array.from({ length: 1200 }, (_, index) => store.claim(`${index}`, start + 20))
    await Promise.all(claims)
    await store.mark('id', { at: start, expiresAt: start + 20, reason: 'logout' })
    const times = { dueAt: start, expiresAt: start + 20 }
    await store.putTask({ id: 'task', ...times, attempts: 0, sealed: '' })
    await store.put(createRecord({ key: 'idle' as SessionKey, expiresAt: start + 10 }))
    await store.put(createRecord({ key: 'deleted' as SessionKey, absoluteExpiresAt: start + 4000 }))
    await store.put(createRecord({ key: 'live' as SessionKey, expiresAt: start + 9000 }))
    await store.delete('deleted' as SessionKey)
    expect(await store.sweep()).toBe(0)
    now = start + 20 + 60
    const swept = await Promise.all([store.sweep(), other.sweep()])
    expect(swept[0] + swept[1]).toBe(1203)
    now = start + 4000 + 60
    expect(await store.sweep()).toBe(1)
    const { rows } = await server.query(`select key from ${schema}.sessions`)
    expect(rows.map(({ key }) => String(key))).toEqual(['live'])
  })
})

describe('a failure', () => {
  test('of a row that cannot be read is an error, never "no session"', async () => {
    const schema = newSchema()
    const store = await openStore({ schema, clock: () => start })
    await store.put(createRecord())
    await server.query(`update ${schema}.sessions set "row" = '{"schema":2}'`)
    await expect(store.get(createRecord().key)).rejects.toMatchObject({ code: unavailable })
  })

  test('of a connection is of its call alone', async () => {
    const store = await openStore({ clock: () => start })
    await store.put(createRecord())
    await server.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and client_port > 0',
    )
    await store.get(createRecord().key).catch(() => undefined)
    expect(await store.get(createRecord().key)).toEqual(createRecord())
  })

  test('to get a connection in time, or a lock, ends the call', async () => {
    const schema = newSchema()
    const store = await openStore({ schema, timeoutMs: 200, maxConnections: 1 })
    const results = await server.whileLocked(`${schema}.sessions`, () =>
      Promise.allSettled(
        Array.from({ length: 5 }, (_, index) => store.get(`${index}` as SessionKey)),
      ),
    )
    for (const result of results) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: unavailable } })
    }
    expect(await store.get('k' as SessionKey)).toBeUndefined()
  })
})

describe('at the start', () => {
  test('options that cannot be are a TypeError without the URL', async () => {
    const wrong = [
      { url: createSecret('http://:pw@host') },
      { url: ':pw' },
      { timeoutMs: 0 },
      { schema: 'a"; drop table pw' },
      { maxConnections: 0 },
      { sweepEverySeconds: 0 },
    ]
    for (const options of wrong) {
      await expect(openStore(options)).rejects.toThrow(TypeError)
      await expect(openStore(options)).rejects.not.toThrow(/pw/)
    }
  })

  test('a server that is not there is named with its reason', async () => {
    const refusal = createPostgresStore({ url: 'postgres://user:pw@127.0.0.1:1/db' })
    await expect(refusal).rejects.toMatchObject({ code: unavailable })
    await expect(refusal).rejects.toThrow(/ECONNREFUSED/)
    await expect(refusal).rejects.not.toThrow(/pw/)
  })
})
