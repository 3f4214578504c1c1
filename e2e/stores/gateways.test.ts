import type { OwnSessionsResponse } from '@sallyport/core/contract'
import type { Gateway, GatewayOptions } from '@sallyport/gateway'
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
  let second: { url: string; gateway: Gateway; close(): Promise<void> }
  beforeAll(async () => {
    shared = await start()
    const { store } = shared
    world = await createWorld({
      accessToken: lifetime,
      gateway: (options) => ({ ...options, store }),
    })
    const gateway = await world.startSecondGateway()
    const url = `http://localhost:${gateway.port}`
    second = { url, gateway, close: () => gateway.close(1) }
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

  test('list a person’s sessions at either, and end them everywhere, for the person and an operator', async () => {
    const [own, other, bob] = [
      await world.signIn(),
      await world.signIn(),
      await world.signIn(createBrowser(), 'bob'),
    ]
    const operator = second.gateway.operator('night-shift')
    const { sessions } = await operator.find({ issuer: world.issuer }, { limit: 500 })
    const listed = (await there(own, '/bff/sessions')).json<OwnSessionsResponse>()
    expect(listed.filter(({ isCurrent }) => isCurrent)).toHaveLength(1)
    expect(sessions.map(({ id }) => id)).toEqual(expect.arrayContaining(listed.map(({ id }) => id)))
    const status = (browser: Browser) => async () =>
      (await browser.call(`${world.app}/bff/user`)).status
    const soon = { timeout: 2000, interval: 20 }
    const options = { method: 'DELETE', headers: [...host(), 'origin', world.app] }
    const ended = await own.ask(`${second.url}/bff/sessions`, {
      ...options,
      headers: [...options.headers, 'x-csrf', '1'],
    })
    expect(ended.status).toBe(200)
    await expect.poll(status(other), soon).toBe(401)
    expect([await status(own)(), await status(bob)()]).toEqual([200, 200])

    const subject = sessions.find(({ id }) => listed.some((one) => one.id === id))?.subject ?? ''
    const outcome = await operator.endAll({ issuer: world.issuer, subject })
    expect(outcome).toEqual({ sessions: 1, hasUncounted: false })
    await expect.poll(status(own), soon).toBe(401)
    expect(await status(bob)()).toBe(200)
  })

  test('keep them over a restart', async () => {
    const browser = await world.signIn()
    await world.restartGateway()
    expect((await browser.call(`${world.app}/bff/user`)).status).toBe(200)
  })
})
