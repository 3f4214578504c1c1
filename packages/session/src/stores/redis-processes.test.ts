import { randomToken } from '@sallyport/core'
import { afterAll, beforeAll } from 'vitest'
import { distributedContract } from '../testing/distributed-contract.fixture.ts'
import { type RedisTestServer, startRedisServer } from '../testing/redis-server.fixture.ts'

let server: RedisTestServer

beforeAll(async () => {
  server = await startRedisServer()
})
afterAll(() => server?.stop())

distributedContract({
  name: 'Redis store of several processes',
  server: () => server,
  place: () => ({ redis: { url: server.url, prefix: randomToken() } }),
})
