import { randomToken } from '@sallyport/core'
import { afterAll, beforeAll } from 'vitest'
import { sessionStoreContract } from '../testing/index.ts'
import {
  type RedisTestServer,
  startRedisCluster,
  startRedisServer,
} from '../testing/redis-server.fixture.ts'
import { createRedisStore } from './redis.ts'

let server: RedisTestServer
let cluster: Awaited<ReturnType<typeof startRedisCluster>>

beforeAll(async () => {
  ;[server, cluster] = await Promise.all([startRedisServer(), startRedisCluster()])
})
afterAll(() => Promise.all([server?.stop(), cluster?.stop()]))

sessionStoreContract({
  name: 'Redis store on one server',
  create: ({ clock }) => createRedisStore({ url: server.url, clock, prefix: randomToken() }),
})

sessionStoreContract({
  name: 'Redis store on a cluster',
  create: ({ clock }) => {
    const rootNodes = cluster.nodes.map(({ url }) => ({ url }))
    return createRedisStore({ cluster: { rootNodes }, clock, prefix: randomToken() })
  },
})
