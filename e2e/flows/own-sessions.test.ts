import type { OwnSessionsResponse } from '@sallyport/core/contract'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { type Browser, createBrowser } from '../world/browser.ts'
import { openEvents } from '../world/event-stream.ts'
import { eventually } from '../world/eventually.ts'
import { createWorld, type World } from '../world/world.ts'

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0'
const hostile = `<script>alert(1)</script>"\\u0000 (Windows NT 10.0) ${'x'.repeat(4000)} Firefox/1`

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(() => world.close())

const isSignedIn = async (browser: Browser) =>
  (await browser.call(`${world.app}/bff/user`)).status === 200
const list = async (browser: Browser) =>
  (await browser.call(`${world.app}/bff/sessions`)).json<OwnSessionsResponse>()
const end = (browser: Browser, id = '') =>
  browser.call(`${world.app}/bff/sessions${id && `/${id}`}`, { method: 'DELETE' })
const revocations = () => world.issuerRequests.filter((one) => one === 'POST /revoke').length

describe.runIf(inject('sessionMode') === 'stored')('a person’s sessions', () => {
  test('are listed with their devices, in words of ours', async () => {
    const own = await world.signIn(createBrowser({ userAgent: firefox }), 'bob')
    await world.signIn(createBrowser({ userAgent: hostile }), 'bob')
    const sessions = await list(own)
    expect(sessions.map(({ device, isCurrent }) => [device, isCurrent]).sort()).toEqual([
      ['Firefox on Linux', true],
      ['Windows', false],
    ])
    const now = Math.floor(Date.now() / 1000)
    for (const one of sessions) {
      expect(Math.abs(now - one.createdAt)).toBeLessThan(60)
      expect(Math.abs(now - (one.authTime ?? 0))).toBeLessThan(60)
      expect(one.expiresAt).toBeGreaterThan(now + 1500)
    }
  })

  test('one that is ended is refused at once, its page is told, its tokens are revoked', async () => {
    const [own, other] = [await world.signIn(), await world.signIn()]
    const stream = await openEvents(other, world.app)
    const found = (await list(own)).find(({ isCurrent }) => !isCurrent)
    expect((await end(own, found?.id)).status).toBe(200)
    expect([await isSignedIn(own), await isSignedIn(other)]).toEqual([true, false])
    await eventually(() => stream.events.at(-1), 3000).toEqual({ type: 'ended', reason: 'revoked' })
    await eventually(revocations).toBe(2)
    expect((await own.call(`${world.app}/api/inventory`)).status).toBe(200)
  })

  test('that of somebody else is not found, whatever its id', async () => {
    const [alice, bob] = [await world.signIn(), await world.signIn(createBrowser(), 'bob')]
    const [session] = await list(bob)
    const answer = await end(alice, session?.id)
    expect(answer.status).toBe(404)
    expect(answer.json<{ type: string }>().type).toBe('urn:sallyport:problem:session_not_found')
    expect(await isSignedIn(bob)).toBe(true)
  })

  test('one that ends itself is signed out, and may go on to the issuer', async () => {
    const browser = await world.signIn()
    const own = (await list(browser)).find(({ isCurrent }) => isCurrent)
    const answer = await end(browser, own?.id)
    expect(answer.json()).toEqual({ logoutUrl: '/bff/logout' })
    expect(browser.cookies.has('__Host-Http-bff')).toBe(false)
    expect(await isSignedIn(browser)).toBe(false)
    const issuer = await browser.open(`${world.app}/bff/logout`)
    expect(issuer.header('location')).toContain(world.issuer)
  })
})

test('all others end, at every gateway; the one that asks and its page go on', async () => {
  const second = await world.startSecondGateway()
  const browsers = [await world.signIn(), await world.signIn(), await world.signIn()]
  const [own, ...others] = browsers as [Browser, Browser, Browser]
  const bob = await world.signIn(createBrowser(), 'bob')
  const [ownStream, ...streams] = await Promise.all(
    browsers.map((browser) => openEvents(browser, world.app)),
  )
  const answer = await end(own)
  const isStored = inject('sessionMode') === 'stored'
  expect(answer.json()).toEqual(isStored ? { ended: 2 } : {})
  const all = [own, ...others, bob].map(isSignedIn)
  expect(await Promise.all(all)).toEqual([true, false, false, true])
  const there = await others[0]?.call(`http://localhost:${second.port}/bff/user`, {
    headers: ['host', new URL(world.app).host],
  })
  expect(there?.status).toBe(401)
  for (const stream of streams) {
    await eventually(() => stream.events.at(-1), 3000).toEqual({ type: 'ended', reason: 'revoked' })
  }
  expect(ownStream?.isEnded).toBe(false)
  ownStream?.close()
  if (isStored) await eventually(revocations).toBe(4)
  expect((await own.call(`${world.app}/api/inventory`)).status).toBe(200)
  const again = await world.signIn()
  expect([await isSignedIn(own), await isSignedIn(again)]).toEqual([true, true])
  await second.close(1)
})

test('what was done is in the log, with who did it and no cookie', async () => {
  const browser = await world.signIn()
  await end(browser)
  const lines = world.logLines.filter((line) => line.includes('"audit":true'))
  expect(JSON.parse(lines.at(-1) ?? '{}')).toMatchObject({
    ...{ event: 'session_revoked', action: 'end_others', outcome: 'done', service: 'bff' },
    actor: { kind: 'account', address: expect.stringMatching(/^(::1|127\.0\.0\.1)$/) },
    filter: { frontend: world.app },
  })
  const cookie = browser.cookies.get('__Host-Http-bff') as string
  expect(world.logLines.join()).not.toContain(cookie)
})
