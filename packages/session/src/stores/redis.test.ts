import { randomToken } from '@sallyport/core'
import { afterAll, beforeAll } from 'vitest'
import { sessionStoreContract } from '../testing/index.ts'
import { openLiveCache } from '../testing/live-cache.fixture.ts'
import { type RedisTestServer, startRedisServer } from '../testing/redis-server.fixture.ts'
import { createRedisStore } from './redis.ts'

let server: RedisTestServer

beforeAll(async () => {
  server = await startRedisServer()
})
afterAll(() => server?.stop())

/** The suite is about answers, whatever else the machine does. */
const newPlace = () => ({ url: server.url, prefix: randomToken(), timeoutMs: 20_000 })

sessionStoreContract({
  name: 'Redis store on one server',
  create: ({ clock }) => createRedisStore({ ...newPlace(), clock }),
})

sessionStoreContract({
  name: 'cache on Redis',
  create: async ({ clock }) =>
    openLiveCache(await createRedisStore({ ...newPlace(), clock }), clock),
})
