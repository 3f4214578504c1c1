import { randomToken, sha256 } from '@sallyport/core'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createRedisStore } from '../stores/redis.ts'
import { awaitCondition } from '../testing/await-condition.fixture.ts'
import { type RedisTestServer, startRedisServer } from '../testing/redis-server.fixture.ts'
import { createSlowStore } from '../testing/slow-store.fixture.ts'
import { type CachedStore, type CachedStoreOptions, createCachedStore } from './cached-store.ts'

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

const at = Math.floor(Date.now() / 1000)
const mark = { at, expiresAt: at + 3600, reason: 'logout' }

/** The news of a mark of our own may come after it was read: then it is read again. */
async function awaitKnown(cached: CachedStore, ids: string[]): Promise<void> {
  await awaitCondition(async () => {
    const known = cached.marks(ids)
    await known
    return !(known instanceof Promise)
  })
}

describe('marks in the cache', () => {
  test('are known at once, and so is that there are none', async () => {
    const { cached } = await openCache({ maxStale: 3600 })
    await cached.mark('ended', mark)
    expect(cached.marks(['ended', 'none'])).toBeInstanceOf(Promise)
    await awaitKnown(cached, ['ended', 'none'])
    expect(cached.marks(['none', 'ended'])).toEqual([undefined, mark])
    expect(cached.marks(['none', 'other'])).toBeInstanceOf(Promise)
  })

  test('are those written last, by this process or another', async () => {
    const { cached } = await openCache({ maxStale: 3600 })
    const other = await openStore()
    expect(await cached.marks(['id'])).toEqual([undefined])
    await other.mark('id', mark)
    await awaitCondition(async () => (await cached.marks(['id']))[0])
    await awaitKnown(cached, ['id'])
    expect(cached.marks(['id'])).toEqual([mark])
    await cached.mark('id', { ...mark, reason: 'admin' })
    expect(await cached.marks(['id'])).toMatchObject([{ reason: 'admin' }])
  })

  test('are read again after maxStale, though nothing was heard', async () => {
    const { cached } = await openCache({ maxStale: 0.3 })
    await cached.mark('id', mark)
    await awaitKnown(cached, ['id'])
    await server.command('FLUSHALL')
    expect(cached.marks(['id'])).toEqual([mark])
    await awaitCondition(async () => !(await cached.marks(['id']))[0])
  })

  test('are known of so many ids, and those used last', async () => {
    const { cached } = await openCache({ maxStale: 3600, maxMarks: 2 })
    for (const id of ['a', 'b', 'a', 'c']) await cached.marks([id])
    expect(cached.marks(['a', 'c'])).toEqual([undefined, undefined])
    expect(cached.marks(['b'])).toBeInstanceOf(Promise)
  })

  test('are forgotten when they are over, and when the feed is lost', async () => {
    let now = mark.at
    const { cached, states } = await openCache({ maxStale: 3600, clock: () => now })
    await cached.mark('id', mark)
    await awaitKnown(cached, ['id', 'none'])
    await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await awaitCondition(() => states.length > 1)
    expect(cached.marks(['id', 'none'])).toBeInstanceOf(Promise)
    await awaitCondition(() => states.length > 2)
    await awaitKnown(cached, ['id'])
    expect(cached.marks(['id'])).toEqual([mark])
    now = mark.expiresAt
    expect(cached.marks(['id'])).toEqual([undefined])
  })
})

const overtakingMarks: Array<[string, (slow: ReturnType<typeof createSlowStore>) => unknown]> = [
  ['a mark elsewhere', ({ feed }) => feed.marked(sha256('id'))],
  ['a mark here', ({ cached }) => void cached.mark('id', mark)],
  ['a feed that was lost and is back', ({ feed }) => [feed.lost(), feed.live()]],
]

test.each(overtakingMarks)(
  '%s keeps marks that are being read from being cached',
  async (_, overtake) => {
    const slow = createSlowStore()
    const read = slow.cached.marks(['id'])
    overtake(slow)
    slow.memory.mark('id', mark)
    await slow.answer()
    expect(await read).toEqual([undefined])
    const now = slow.cached.marks(['id'])
    expect(now).toBeInstanceOf(Promise)
    await slow.answer()
    expect(await now).toEqual([mark])
  },
)
