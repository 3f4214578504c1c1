import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createBrowser } from '../world/browser.ts'
import { openEvents } from '../world/event-stream.ts'
import { eventually } from '../world/eventually.ts'
import { createWorld, type World } from '../world/world.ts'

const modes = ['stored', 'sealed'] as const

const runMode = inject('sessionMode')

describe.each(modes)('the event stream of a %s session', (mode) => {
  let world: World
  beforeAll(async () => {
    world = await createWorld({
      gateway: (options) => ({
        ...options,
        bff: { ...options.bff, session: { ...options.bff.session, mode } },
      }),
    })
  })
  afterAll(() => world.close())

  test('begins with how the session stands', async () => {
    const stream = await openEvents(await world.signIn(), world.app)
    expect(stream).toMatchObject({ status: 200, contentType: 'text/event-stream' })
    await eventually(() => stream.events).toHaveLength(1)
    expect(stream.events[0]).toMatchObject({ type: 'refreshed', claimsChanged: false })
    expect(stream.events[0]?.expiresIn).toBeGreaterThan(1790)
    stream.close()
  })

  test('A144: ends within moments of a sign-out, and says why', async () => {
    const browser = await world.signIn()
    const stream = await openEvents(browser, world.app)
    await browser.call(`${world.app}/bff/logout`, { method: 'POST' })
    await eventually(() => stream.isEnded, 3000).toBe(true)
    expect(stream.events.at(-1)).toEqual({ type: 'ended', reason: 'logout' })
  })

  test('A144: is not given to another origin, nor to an EventSource, nor without a session', async () => {
    const browser = await world.signIn()
    const url = `${world.app}/bff/events`
    const foreign = ['sec-fetch-site', 'cross-site', 'origin', 'https://evil.example']
    expect((await browser.ask(url, { headers: ['x-csrf', '1', ...foreign] })).status).toBe(403)
    expect((await browser.ask(url, { headers: ['sec-fetch-site', 'same-origin'] })).status).toBe(
      403,
    )
    expect((await createBrowser().call(url)).status).toBe(401)
  })

  test('is held eight times by one session at most', async () => {
    const browser = await world.signIn()
    const open = () => openEvents(browser, world.app)
    const streams = await Promise.all(Array.from({ length: 8 }, open))
    await eventually(() => streams.every(({ events }) => events.length === 1)).toBe(true)
    const refused = await open()
    expect(refused.status).toBe(429)
    for (const stream of streams) stream.close()
    await eventually(async () => {
      const again = await open()
      again.close()
      return again.status
    }).toBe(200)
  })
})

test('what another gateway on the same sessions does is heard of', async () => {
  const world = await createWorld()
  const second = await world.startSecondGateway()
  const browser = await world.signIn()
  const stream = await openEvents(browser, world.app)
  await second.bffs[0]?.decide({
    ...{ method: 'POST', target: '/bff/logout', remoteAddress: '::1' },
    headers: [
      ...['host', new URL(world.app).host, 'x-csrf', '1', 'sec-fetch-site', 'same-origin'],
      ...['cookie', `__Host-Http-bff=${browser.cookies.get('__Host-Http-bff')}`],
    ],
  })
  await eventually(() => stream.events.at(-1), 3000).toEqual({ type: 'ended', reason: 'logout' })
  await second.close(1)
  await world.close()
})

test.runIf(runMode === 'stored')(
  'a session tells that it ends soon, that it goes on, and that it ran out',
  async () => {
    const world = await createWorld({
      sessionIdle: 8,
      gateway: (options) => ({
        ...options,
        bff: { ...options.bff, events: { expiringNotice: 4 } },
      }),
    })
    const browser = await world.signIn()
    const stream = await openEvents(browser, world.app)
    const types = () => stream.events.map(({ type }) => type)
    await eventually(types).toEqual(['refreshed', 'expiring'])
    await browser.call(`${world.app}/bff/user`)
    await eventually(types).toEqual(['refreshed', 'expiring', 'refreshed'])
    await eventually(() => stream.isEnded).toBe(true)
    expect(types()).toEqual(['refreshed', 'expiring', 'refreshed', 'expiring', 'ended'])
    expect(stream.events.at(-1)).toEqual({ type: 'ended', reason: 'expired' })
    await world.close()
  },
)

test.runIf(runMode === 'sealed')(
  'a session whose end in its cookie cannot be seen asks its client back in time',
  async () => {
    const world = await createWorld({
      sessionIdle: 8,
      gateway: (options) => ({
        ...options,
        bff: { ...options.bff, events: { expiringNotice: 4 } },
      }),
    })
    const stream = await openEvents(await world.signIn(), world.app)
    await eventually(() => stream.isEnded).toBe(true)
    expect(stream.text).toMatch(/retry: \d{3,4}\n\n$/)
    expect(stream.events.map(({ type }) => type)).toEqual(['refreshed'])
    await world.close()
  },
)

test('a gateway that stops ends its streams at once, and asks their clients back later', async () => {
  const world = await createWorld()
  const stream = await openEvents(await world.signIn(), world.app)
  await eventually(() => stream.events).toHaveLength(1)
  const startedAt = performance.now()
  await world.gateway.close(10)
  expect(performance.now() - startedAt).toBeLessThan(5000)
  await eventually(() => stream.isEnded).toBe(true)
  expect(stream.text).toMatch(/retry: \d{3,4}\n\n$/)
  expect(stream.events.map(({ type }) => type)).toEqual(['refreshed'])
  await world.close()
})
