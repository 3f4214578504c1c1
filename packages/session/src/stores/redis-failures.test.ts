import { once } from 'node:events'
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net'
import { createSecret, randomToken } from '@sallyport/core'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { SessionKey } from '../record.ts'
import { awaitCondition } from '../testing/await-condition.fixture.ts'
import { type RedisTestServer, startRedisServer } from '../testing/redis-server.fixture.ts'
import { sessionOfNow } from '../testing/session-of-now.fixture.ts'
import { createRedisStore, type RedisStoreOptions } from './redis.ts'
import { toGroups } from './session-groups.ts'

let server: RedisTestServer
let prefix = ''
const unavailable = 'ERR_SESSION_STORE_UNAVAILABLE'
const { issuer, subject } = sessionOfNow({ key: 'any' })

beforeAll(async () => {
  server = await startRedisServer()
})
afterAll(() => server?.stop())
beforeEach(() => {
  prefix = randomToken()
})

async function openStore(options: Partial<RedisStoreOptions> = {}) {
  const store = await createRedisStore({ url: server.url, prefix, ...options } as RedisStoreOptions)
  onTestFinished(() => store.close())
  return store
}

describe('a session and its index', () => {
  const record = sessionOfNow({ key: 'k' })

  test('no session is written when its index cannot be', async () => {
    const store = await openStore()
    const index = `${prefix}group:${toGroups({ issuer, subject }).subject}`
    await server.command('SET', index, 'no sorted set')
    await expect(store.put(record)).rejects.toMatchObject({ code: unavailable })
    expect(await store.get(record.key)).toBeUndefined()
    await expect(store.deleteAll({ issuer, subject })).rejects.toMatchObject({ code: unavailable })
    await server.command('DEL', index)
    expect(await store.put(record)).toBe(true)
    expect(await store.deleteAll({ issuer, subject })).toBe(1)
  })

  test('an entry whose session was never written counts for nothing, and stays for the next write', async () => {
    const store = await openStore()
    await server.command('SET', `${prefix}session:k`, 'no hash')
    await expect(store.put(record)).rejects.toMatchObject({ code: unavailable })
    await server.command('DEL', `${prefix}session:k`)
    expect(await store.deleteAll({ issuer, subject })).toBe(0)
    const index = `${prefix}group:${toGroups({ issuer, subject }).subject}`
    expect(await server.command('ZCARD', index)).toBe(1)
  })

  test('deleteAll ends the others when one of them fails, and then throws', async () => {
    const store = await openStore()
    for (const key of ['a', 'b', 'c']) await store.put(sessionOfNow({ key }))
    await server.command('SET', `${prefix}session:b`, 'no hash')
    await expect(store.deleteAll({ issuer, subject })).rejects.toMatchObject({ code: unavailable })
    expect(await store.get('a' as SessionKey)).toBeUndefined()
    expect(await store.get('c' as SessionKey)).toBeUndefined()
  })

  test('a row that cannot be read is an error, never "no session"', async () => {
    const store = await openStore()
    await store.put(record)
    await server.command('HSET', `${prefix}session:k`, 'row', '{"schema":2}')
    await expect(store.get(record.key)).rejects.toMatchObject({ code: unavailable })
  })
})

describe('what the server keeps', () => {
  test('goes when it is over: each key has its end', async () => {
    const store = await openStore()
    const record = sessionOfNow({ key: 'k' })
    await store.put(record)
    await store.claim('jti', record.expiresAt)
    await store.mark('id', { at: 1, expiresAt: record.expiresAt, reason: 'logout' })
    const times = { dueAt: 1, expiresAt: record.expiresAt }
    await store.putTask({ id: 'task', ...times, attempts: 0, sealed: '' })
    const keys = (await server.command('KEYS', `${prefix}*`)) as string[]
    expect(keys).toHaveLength(9)
    const ends = await Promise.all(keys.map((key) => server.command('PTTL', key)))
    expect(Math.min(...(ends as number[]))).toBeGreaterThan(3590_000)
    await store.delete(record.key)
    const tombstone = await server.command('PTTL', `${prefix}session:k`)
    expect(tombstone).toBeGreaterThan(35_990_000)
  })

  test('is found with scripts the server has forgotten', async () => {
    const store = await openStore()
    await server.command('SCRIPT', 'FLUSH')
    expect(await store.put(sessionOfNow({ key: 'k' }))).toBe(true)
    await server.command('SCRIPT', 'FLUSH')
    expect(await store.deleteAll({ issuer, subject })).toBe(1)
  })

  test('a session can be ended when memory is full, though none can begin', async () => {
    const store = await openStore()
    const record = sessionOfNow({ key: 'k' })
    await store.put(record)
    await server.command('CONFIG', 'SET', 'maxmemory', '1')
    try {
      const another = store.put(sessionOfNow({ key: 'another' }))
      await expect(another).rejects.toThrow(/OOM|maxmemory/)
      expect(await store.delete(record.key)).toBe(true)
    } finally {
      await server.command('CONFIG', 'SET', 'maxmemory', '0')
    }
    expect(await store.put({ ...record, version: 2 })).toBe(false)
    expect(await store.get('another' as SessionKey)).toBeUndefined()
  })
})

describe('at the start', () => {
  test('a server that may evict keys is refused', async () => {
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    try {
      await expect(openStore()).rejects.toMatchObject({
        code: unavailable,
        message: expect.stringMatching(/maxmemory-policy is allkeys-lru.*noeviction/),
      })
    } finally {
      await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
    }
  })

  test('a password may be part of the URL, and is in no message', async () => {
    await server.command('ACL', 'SETUSER', 'shop', 'on', '>pass word', '~*', '&*', '+@all')
    const url = (password: string) => `redis://shop:${password}@127.0.0.1:${server.port}`
    const store = await openStore({ url: createSecret(url('pass%20word')) })
    expect(await store.put(sessionOfNow({ key: 'k' }))).toBe(true)
    const refusal = openStore({ url: url('wrong-one') })
    await expect(refusal).rejects.toMatchObject({ code: unavailable })
    await expect(refusal).rejects.toThrow(/WRONGPASS/)
    await expect(refusal).rejects.not.toThrow(/wrong-one/)
  })

  test('a server that does not tell whether it may evict keys is used, with a warning', async () => {
    await server.command('ACL', 'SETUSER', 'blind', 'on', '>pw', '~*', '&*', '+@all', '-info')
    const [warning] = await Promise.all([
      once(process, 'warning'),
      openStore({ url: `redis://blind:pw@127.0.0.1:${server.port}` }),
    ])
    expect(String(warning)).toMatch(/maxmemory-policy.*noeviction/)
  })

  test('options that cannot be are a TypeError without the URL', async () => {
    for (const options of [{ url: 'http://:pw@host' }, { url: ':pw' }, { timeoutMs: 0 }]) {
      await expect(openStore(options)).rejects.toThrow(TypeError)
      await expect(openStore(options)).rejects.not.toThrow(/pw/)
    }
  })

  test('a server that is not there is named with its reason', async () => {
    const refusal = createRedisStore({ url: 'redis://127.0.0.1:1' })
    await expect(refusal).rejects.toMatchObject({
      code: unavailable,
      message: expect.stringMatching(/ECONNREFUSED/),
    })
  })
})

describe('a connection that dies', () => {
  test('without a word is replaced: the server is reached by another one', async () => {
    const proxy = await startProxy(server.port)
    const store = await openStore({ url: `redis://127.0.0.1:${proxy.port}`, timeoutMs: 300 })
    const record = sessionOfNow({ key: 'k' })
    await store.put(record)
    proxy.silenceConnections()
    await expect(store.get(record.key)).rejects.toMatchObject({ code: unavailable })
    await awaitCondition(() => store.get(record.key).catch(() => undefined))
    expect(await store.get(record.key)).toEqual(record)
    expect(proxy.connections()).toBe(2)
  })

  test('fails what is under way, and is made again', async () => {
    const store = await openStore()
    const record = sessionOfNow({ key: 'k' })
    await store.put(record)
    for (let round = 0; round < 3; round++) {
      const reads = Array.from({ length: 20 }, () => store.get(record.key).catch(() => undefined))
      await server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      await Promise.all(reads)
      await awaitCondition(() => store.get(record.key).catch(() => undefined))
    }
  })
})

/** Carries bytes to a server until told to say nothing more on the connections there are. */
async function startProxy(port: number) {
  const open: Array<[Socket, Socket]> = []
  const proxy = createServer((near) => {
    const far = createConnection(port, '127.0.0.1')
    near.pipe(far).pipe(near)
    for (const socket of [near, far]) socket.on('error', () => {})
    open.push([near, far])
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    for (const socket of open.flat()) socket.destroy()
    proxy.close()
  })
  return {
    port: (proxy.address() as AddressInfo).port,
    connections: () => open.length,
    silenceConnections() {
      for (const [near, far] of open) near.unpipe(far) && far.unpipe(near)
    },
  }
}
