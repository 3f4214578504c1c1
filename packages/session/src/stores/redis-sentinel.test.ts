import { randomToken } from '@sallyport/core'
import { expect, onTestFinished, test } from 'vitest'
import { awaitCondition, measureFailure } from '../testing/await-condition.fixture.ts'
import { startRedisSentinel } from '../testing/redis-server.fixture.ts'
import { sessionOfNow } from '../testing/session-of-now.fixture.ts'
import { createRedisStore, type RedisServer, type RedisStore } from './redis.ts'

const { issuer, subject } = sessionOfNow({ key: 'any' })

async function openStore(server: RedisServer): Promise<RedisStore> {
  const store = await createRedisStore({ ...server, prefix: randomToken(), timeoutMs: 500 })
  onTestFinished(() => store.close())
  return store
}

test('when the master dies the replica goes on, with what it has got', async () => {
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
