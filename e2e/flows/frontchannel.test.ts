import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Browser, createBrowser } from '../world/browser.ts'
import { createWorld, type World } from '../world/world.ts'

const frame = ['sec-fetch-site', 'cross-site', 'sec-fetch-mode', 'navigate', 'sec-fetch-dest']

let world: World
let browser: Browser
let sid: string
beforeAll(async () => {
  world = await createWorld({
    gateway: (options) => ({
      ...options,
      bff: { ...options.bff, logout: { ...options.bff.logout, frontchannel: true } },
    }),
  })
})
afterAll(() => world.close())
beforeEach(async () => {
  browser = await world.signIn()
  const user = await browser.call(`${world.app}/bff/user`)
  sid = user.json<{ type: string; value: string }[]>().find(({ type }) => type === 'sid')
    ?.value as string
  world.issuerRequests.length = 0
})

const isSignedIn = async () => (await browser.call(`${world.app}/bff/user`)).status === 200

/** As the issuer's page loads it: in a frame of another site, without cookies. */
function load(parameters: string, dest = 'iframe') {
  const headers = [...frame, dest]
  return createBrowser().ask(`${world.app}/bff/frontchannel${parameters}`, { headers })
}

const query = (iss = world.issuer, of = sid) => `?${new URLSearchParams({ iss, sid: of })}`

test('FCL-02: a frame in the issuer’s page ends the session of its sid, without a cookie', async () => {
  const answer = await load(query())
  expect(answer.status).toBe(200)
  expect(answer.header('cache-control')).toBe('no-store')
  const policy = `default-src 'none'; frame-ancestors ${new URL(world.issuer).origin}`
  expect(answer.headers('content-security-policy')).toEqual([policy])
  expect(await isSignedIn()).toBe(false)
  expect((await load(query())).status).toBe(200)
})

test('FCL-03: revokes no token: nothing proved who asked', async () => {
  await load(query())
  expect(await isSignedIn()).toBe(false)
  expect(world.issuerRequests).not.toContain('POST /revoke')
})

test('A252: without iss, sid, or with wrong ones nobody is signed out', async () => {
  const iss = encodeURIComponent(world.issuer)
  const refused = [
    '',
    `?sid=${sid}`,
    `?iss=${iss}`,
    `?iss=${iss}&sid=`,
    query('https://other.example'),
    `${query()}&sid=${sid}`,
    `${query()}&iss=${iss}`,
  ]
  for (const parameters of refused) expect((await load(parameters)).status, parameters).toBe(400)
  expect((await load(query(world.issuer, 'another'))).status).toBe(200)
  expect(await isSignedIn()).toBe(true)
})

test('A252: as a page, a picture or a script it is not served', async () => {
  for (const dest of ['document', 'image', 'script', 'empty']) {
    expect((await load(query(), dest)).status).toBe(403)
  }
  expect(await isSignedIn()).toBe(true)
})

test('off unless configured', async () => {
  const plain = await createWorld()
  const headers = [...frame, 'iframe']
  const answer = await createBrowser().ask(`${plain.app}/bff/frontchannel${query()}`, { headers })
  await plain.close()
  expect(answer.status).toBe(404)
})
