import { randomToken } from '@sallyport/core'
import { expect, onTestFinished, test } from 'vitest'
import type { SessionKey } from '../record.ts'
import { awaitCondition, measureFailure } from '../testing/await-condition.fixture.ts'
import { startRedisCluster, startRedisSentinel } from '../testing/redis-server.fixture.ts'
import { sessionOfNow } from '../testing/session-of-now.fixture.ts'
import { createRedisStore, type RedisServer, type RedisStore } from './redis.ts'

const { issuer, subject } = sessionOfNow({ key: 'any' })

async function openStore(server: RedisServer): Promise<RedisStore> {
  const store = await createRedisStore({ ...server, prefix: randomToken(), timeoutMs: 500 })
  onTestFinished(() => store.close())
  return store
}

test('Sentinel: when the master dies the replica goes on, with what it has got', async () => {
  const { sentinelPort, master, stop } = await startRedisSentinel()
  onTestFinished(stop)
  const store = await openStore({
    sentinel: { name: 'main', sentinelRootNodes: [{ host: '127.0.0.1', port: sentinelPort }] },
  })
  const [kept, ended] = [sessionOfNow({ key: 'kept' }), sessionOfNow({ key: 'ended' })]
  await store.put(kept)
  await store.put(ended)
  await store.delete(ended.key)
  await master.command('WAIT', '1', '0')
  await master.kill()
  const { error, tookMs } = await measureFailure(() => store.put({ ...kept, version: 2 }))
  expect(error).toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE' })
  expect(tookMs).toBeLessThan(3000)
  await awaitCondition(() => store.claim(randomToken(), kept.expiresAt).catch(() => false))
  expect(await store.get(kept.key)).toMatchObject({ key: kept.key })
  expect(await store.get(ended.key)).toBeUndefined()
  expect(await store.put(ended)).toBe(false)
  expect(await store.deleteAll({ issuer, subject })).toBe(1)
})

test('a cluster: a server that hangs takes only its own sessions with it', async () => {
  const { nodes, stop } = await startRedisCluster()
  onTestFinished(stop)
  const store = await openStore({ cluster: { rootNodes: nodes.map(({ url }) => ({ url })) } })
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
