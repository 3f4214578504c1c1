import type { GatewayOptions } from '@sallyport/gateway'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startPostgresServer } from '../../packages/session/src/testing/postgres-server.fixture.ts'
import { startRedisServer } from '../../packages/session/src/testing/redis-server.fixture.ts'
import { type Browser, createBrowser } from '../world/browser.ts'
import { createWorld, type World } from '../world/world.ts'

const lifetime = 300

/** A server, and the gateway's option that leads to it. */
interface SharedStore {
  store: GatewayOptions['store']
  stop(): Promise<void>
}

const servers: [string, () => Promise<SharedStore>][] = [
  [
    'Redis',
    async () => {
      const server = await startRedisServer()
      return { store: { redis: { url: server.url } }, stop: () => server.stop() }
    },
  ],
  [
    'PostgreSQL',
    async () => {
      const server = await startPostgresServer()
      return { store: { postgres: { url: server.url } }, stop: () => server.stop() }
    },
  ],
]

describe.each(servers)('two gateways that share sessions in %s', (_name, start) => {
  let shared: SharedStore
  let world: World
  let second: { url: string; close(): Promise<void> }
  beforeAll(async () => {
    shared = await start()
    const { store } = shared
    world = await createWorld({
      accessToken: lifetime,
      gateway: (options) => ({ ...options, store }),
    })
    const gateway = await world.startSecondGateway()
    second = { url: `http://localhost:${gateway.port}`, close: () => gateway.close(1) }
  })
  afterAll(async () => {
    await second.close()
    await world.close()
    await shared.stop()
  })

  const host = () => ['host', new URL(world.app).host]
  const there = (browser: Browser, path: string) =>
    browser.call(`${second.url}${path}`, { headers: host() })

  test('know each other’s sessions, renew one token together, and end them everywhere', async () => {
    const browser = await world.signIn()
    expect((await there(browser, '/bff/user')).text).toContain('alice@example.com')
    const other = createBrowser()
    for (const [name, value] of browser.cookies) other.cookies.set(name, value)

    world.issuerRequests.length = 0
    const calls = Array.from({ length: 20 }, (_, i) =>
      i % 2 ? there(browser, '/api/inventory') : browser.call(`${world.app}/api/inventory`),
    )
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(20).fill(200))
    expect(world.issuerRequests.filter((one) => one === 'POST /token')).toHaveLength(1)

    await browser.call(`${world.app}/bff/logout`, { method: 'POST' })
    const status = async () => (await there(other, '/bff/user')).status
    await expect.poll(status, { timeout: 2000, interval: 20 }).toBe(401)
  })

  test('keep them over a restart', async () => {
    const browser = await world.signIn()
    await world.restartGateway()
    expect((await browser.call(`${world.app}/bff/user`)).status).toBe(200)
  })
})
