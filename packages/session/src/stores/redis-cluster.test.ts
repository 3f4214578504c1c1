import { randomToken } from '@sallyport/core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { SessionKey } from '../record.ts'
import { awaitCondition } from '../testing/await-condition.fixture.ts'
import { sessionStoreContract } from '../testing/index.ts'
import { openLiveCache } from '../testing/live-cache.fixture.ts'
import { startRedisCluster } from '../testing/redis-server.fixture.ts'
import { sessionOfNow } from '../testing/session-of-now.fixture.ts'
import { createRedisStore } from './redis.ts'

let cluster: Awaited<ReturnType<typeof startRedisCluster>>
const { issuer, subject } = sessionOfNow({ key: 'any' })

beforeAll(async () => {
  cluster = await startRedisCluster()
})
afterAll(() => cluster?.stop())

function newPlace() {
  const rootNodes = cluster.nodes.map(({ url }) => ({ url }))
  return { cluster: { rootNodes }, prefix: randomToken() }
}

/** The suite is about answers, whatever else the machine does. */
const timeoutMs = 20_000

sessionStoreContract({
  name: 'Redis store on a cluster',
  create: ({ clock }) => createRedisStore({ ...newPlace(), clock, timeoutMs }),
})

sessionStoreContract({
  name: 'cache on a Redis cluster',
  create: async ({ clock }) =>
    openLiveCache(await createRedisStore({ ...newPlace(), clock, timeoutMs }), clock),
})

test('a server that hangs takes only its own sessions with it', async () => {
  const { nodes } = cluster
  const store = await createRedisStore({ ...newPlace(), timeoutMs: 300 })
  onTestFinished(() => store.close())
  const records = Array.from({ length: 60 }, (_, index) => sessionOfNow({ key: `${index}` }))
  await Promise.all(records.map((record) => store.put(record)))

  nodes[0]?.pause()
  const readable = async () => {
    const reads = records.map(({ key }) => store.get(key).catch(() => undefined))
    return (await Promise.all(reads)).filter(Boolean).length
  }
  try {
    // Also after connections were made anew because of the one that is silent.
    for (let round = 0; round < 4; round++) {
      const count = await readable()
      expect(count).toBeGreaterThan(25)
      expect(count).toBeLessThan(60)
    }
  } finally {
    nodes[0]?.resume()
  }
  await awaitCondition(async () => (await readable()) === 60)
  expect(await store.deleteAll({ issuer, subject })).toBe(60)
  expect(await store.get('7' as SessionKey)).toBeUndefined()
})
