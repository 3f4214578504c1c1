import { randomToken } from '@sallyport/core'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createRedisStore } from '../stores/redis.ts'
import { awaitCondition } from '../testing/await-condition.fixture.ts'
import { type RedisTestServer, startRedisServer } from '../testing/redis-server.fixture.ts'
import { sessionOfNow } from '../testing/session-of-now.fixture.ts'
import { createSlowStore } from '../testing/slow-store.fixture.ts'
import { type CachedStoreOptions, createCachedStore } from './cached-store.ts'

let server: RedisTestServer
let prefix = ''

beforeAll(async () => {
  server = await startRedisServer()
})
afterAll(() => server?.stop())
beforeEach(() => {
  prefix = randomToken()
})

async function openStore() {
  const store = await createRedisStore({ url: server.url, prefix })
  onTestFinished(() => store.close())
  return store
}

/** A cache on Redis whose feed is live, with what it said of it. */
async function openCache(options: CachedStoreOptions = {}) {
  const states: string[] = []
  const onFeed = (state: string) => void states.push(state)
  const cached = createCachedStore(await openStore(), { ...options, onFeed })
  onTestFinished(() => cached.close())
  await awaitCondition(() => states.length > 0)
  return { cached, states }
}

const record = sessionOfNow({ key: 'k' })
const { key, issuer, subject } = record

describe('a session in the cache', () => {
  test('is given at once, without the server', async () => {
    const { cached } = await openCache()
    await cached.put(record)
    server.pause()
    try {
      expect(cached.get(key)).toEqual(record)
    } finally {
      server.resume()
    }
    const elsewhere = await openCache()
    expect(elsewhere.cached.get(key)).toBeInstanceOf(Promise)
    await elsewhere.cached.get(key)
    expect(elsewhere.cached.get(key)).toEqual(record)
  })

  test('is the one written last, by whichever process', async () => {
    const { cached } = await openCache()
    const other = await openStore()
    await cached.put(record)
    await other.put({ ...record, version: 2, sealed: 'k1.bmV3' })
    await awaitCondition(async () => (await cached.get(key))?.version === 2)
    expect(await cached.put({ ...record, version: 2 })).toBe(false)
    expect(await cached.put({ ...record, version: 3 })).toBe(true)
    expect(cached.get(key)).toMatchObject({ version: 3 })
  })

  test('is dropped by a write that is refused: the next read is of the store', async () => {
    const { cached } = await openCache()
    await cached.put(record)
    await server.command('HSET', `${prefix}session:k`, 'version', '7')
    expect(cached.get(key)).toEqual(record)
    expect(await cached.put({ ...record, version: 2 })).toBe(false)
    expect(cached.get(key)).toBeInstanceOf(Promise)
  })

  test('is never known to be absent: what another process begins is seen at once', async () => {
    const { cached } = await openCache()
    const other = await openStore()
    expect(await cached.get(key)).toBeUndefined()
    await other.put(record)
    expect(await cached.get(key)).toEqual(record)
  })

  test('is read again after maxStale, though nothing was heard', async () => {
    const { cached } = await openCache({ maxStale: 0.3 })
    await cached.put(record)
    await server.command('DEL', `${prefix}session:k`)
    expect(cached.get(key)).toEqual(record)
    await awaitCondition(async () => !(await cached.get(key)))
  })

  test('goes when there is no room for it', async () => {
    const { cached } = await openCache({ maxEntries: 1 })
    await cached.put(record)
    await cached.put(sessionOfNow({ key: 'another' }))
    const read = cached.get(key)
    expect(read).toBeInstanceOf(Promise)
    expect(await read).toEqual(record)
  })
})

describe('a feed that is lost', () => {
  test('empties the cache at once, and every read is of the store until it is back', async () => {
    const { cached, states } = await openCache({ maxStale: 3600 })
    await cached.put(record)
    await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await awaitCondition(() => states.length > 1)
    expect(states[1]).toBe('lost')
    expect(cached.get(key)).toBeInstanceOf(Promise)
    await awaitCondition(() => states.length > 2)
    expect(states).toEqual(['live', 'lost', 'live'])
    await cached.get(key)
    expect(cached.get(key)).toEqual(record)
  })

  test('is noticed when the server hangs, and mended when it goes on', async () => {
    const { cached, states } = await openCache({ maxStale: 3600 })
    await cached.put(record)
    server.pause()
    try {
      await awaitCondition(() => states.length > 1)
    } finally {
      server.resume()
    }
    await awaitCondition(() => states.length > 2)
    await awaitCondition(() => Promise.resolve(cached.get(key)).catch(() => undefined))
    expect(cached.get(key)).toEqual(record)
  })

  test('for want of the right to listen leaves every read to the store', async () => {
    await server.command('ACL', 'SETUSER', 'deaf', 'on', '>pw', '~*', 'resetchannels', '+@all')
    const url = `redis://deaf:pw@127.0.0.1:${server.port}`
    const states: string[] = []
    const cached = createCachedStore(await createRedisStore({ url, prefix }), {
      onFeed: (state) => void states.push(state),
    })
    onTestFinished(() => cached.close())
    expect(await cached.put(record)).toBe(true)
    expect(await cached.get(key)).toEqual(record)
    expect(cached.get(key)).toBeInstanceOf(Promise)
    expect(states).toEqual([])
  })
})

describe('news that overtakes an answer', () => {
  const overtaking: Array<[string, (slow: ReturnType<typeof createSlowStore>) => unknown]> = [
    ['an end elsewhere', ({ feed }) => feed.changed({ key, version: -1 })],
    ['a write elsewhere', ({ feed }) => feed.changed({ key, version: 2 })],
    ['a feed that was lost and is back', ({ feed }) => [feed.lost(), feed.live()]],
    ['an end here', ({ cached }) => void cached.delete(key)],
    ['an end of all here', ({ cached }) => void cached.deleteAll({ issuer, subject })],
    ['a write here', ({ cached }) => void cached.put({ ...record, version: 2 })],
  ]

  test.each(overtaking)('%s keeps a read from being cached', async (_, overtake) => {
    const slow = createSlowStore()
    slow.memory.put(record)
    const read = slow.cached.get(key)
    overtake(slow)
    await slow.answer()
    expect(await read).toEqual(record)
    const now = slow.cached.get(key)
    if (now instanceof Promise) await slow.answer()
    else expect(now).toMatchObject({ version: 2 })
  })

  test.each(overtaking.slice(0, 5))('%s keeps a write from being cached', async (_, overtake) => {
    const slow = createSlowStore()
    const written = slow.cached.put(record)
    overtake(slow)
    await slow.answer()
    expect(await written).toBe(true)
    expect(slow.cached.get(key)).toBeInstanceOf(Promise)
    await slow.answer()
  })

  test('the news of our own write, before or after its answer, leaves it in place', async () => {
    const slow = createSlowStore()
    const written = slow.cached.put(record)
    slow.feed.changed({ key, version: 1 })
    await slow.answer()
    expect(await written).toBe(true)
    expect(slow.cached.get(key)).toEqual(record)
    slow.feed.changed({ key, version: 1 })
    expect(slow.cached.get(key)).toEqual(record)
  })
})

test('options that cannot be are a TypeError', async () => {
  const store = await openStore()
  const wrong = [
    { maxEntries: 0 },
    { maxMarks: 0 },
    { maxBytes: 1.5 },
    { maxStale: 0 },
    { maxStale: 3601 },
  ]
  for (const options of wrong) expect(() => createCachedStore(store, options)).toThrow(TypeError)
})
