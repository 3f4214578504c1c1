import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createBrowser } from '../world/browser.ts'
import { createWorld, passwordOf, type World } from '../world/world.ts'

const session = '__Host-Http-bff'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())
beforeEach(() => {
  world.issuerRequests.length = 0
})

const tokenCalls = () => world.issuerRequests.filter((call) => call === 'POST /token').length
/** A sign-in of alice's, stopped at the door: the callback URL that was not opened yet. */
async function startSignIn(browser = createBrowser(), username = 'alice'): Promise<string> {
  const login = await browser.open(`${world.app}/bff/login?returnUrl=/orders&prompt=login`)
  const mine = createBrowser()
  for (const [name, value] of browser.cookies) {
    if (!name.startsWith(session)) mine.cookies.set(name, value)
  }
  let callback = ''
  const page = await mine.navigate(login.header('location') ?? '')
  const done = page.url.startsWith(world.app)
    ? page
    : await mine.submit(page, { username, password: passwordOf(username) })
  callback = done.visited.find((url) => url.includes('/bff/callback')) ?? ''
  if (!callback) throw new Error('the identity server sent no authorization response')
  world.issuerRequests.length = 0
  return callback
}

describe('an authorization response', () => {
  test('A001: without the transaction of this browser is refused, before any token call', async () => {
    const callback = await startSignIn()
    const victim = createBrowser()
    const answer = await victim.open(callback)
    expect(answer.status).toBe(400)
    expect(answer.text).toContain('This sign-in cannot be completed')
    expect(answer.headers('set-cookie')).toEqual([])
    expect(tokenCalls()).toBe(0)
  })

  test('A002: with the transaction of another sign-in is refused; that one stays usable', async () => {
    const browser = createBrowser()
    const mine = await startSignIn(browser)
    const foreign = await startSignIn()
    expect((await browser.open(foreign)).status).toBe(400)
    expect(tokenCalls()).toBe(0)
    expect((await browser.open(mine)).status).toBe(303)
    expect(browser.cookies.has(session)).toBe(true)
  })

  test.each([
    ['code twice', (url: string) => `${url}&code=another`],
    ['iss twice', (url: string) => `${url}&iss=https%3A%2F%2Fevil.example`],
    ['state twice', (url: string) => `${url}&state=x`],
    ['error beside code', (url: string) => `${url}&error=access_denied`],
    ['no code', (url: string) => url.replace(/code=[^&]*&?/, '')],
  ])('A004: %s is refused', async (_what, forge) => {
    const browser = createBrowser()
    const callback = await startSignIn(browser)
    const answer = await browser.open(forge(callback))
    expect(answer.status).toBe(400)
    expect(tokenCalls()).toBe(0)
    expect(browser.cookies.has(session)).toBe(false)
  })

  test('A005: replayed is refused, with one token call in all and the session untouched', async () => {
    const browser = createBrowser()
    const callback = await startSignIn(browser)
    const before = new Map(browser.cookies)
    await browser.open(callback)
    const id = browser.cookies.get(session)
    for (const [name, value] of before) browser.cookies.set(name, value)
    const again = await browser.open(callback)
    expect(again.status).toBe(400)
    expect(tokenCalls()).toBe(1)
    expect(browser.cookies.get(session)).toBe(id)
    expect((await browser.call(`${world.app}/bff/user`)).status).toBe(200)
  })

  test('A006: replayed 20 times at once makes one token call and one session', async () => {
    const browser = createBrowser()
    const callback = await startSignIn(browser)
    const answers = await Promise.all(Array.from({ length: 20 }, () => browser.open(callback)))
    const places = answers.map((answer) => new URL(answer.header('location') ?? '', callback))
    expect(places.filter(({ href }) => href === `${world.app}/orders`)).toHaveLength(1)
    // The others have no session to show: each begins anew, at the issuer.
    expect(places.filter(({ href }) => href.startsWith(`${world.issuer}/`))).toHaveLength(19)
    const cookies = answers.map((answer) => answer.headers('set-cookie').join())
    expect(cookies.filter((text) => text.includes(`${session}=`))).toHaveLength(1)
    expect(tokenCalls()).toBe(1)
  })

  test('A009: never continues a session that was planted', async () => {
    const attacker = await world.signIn(createBrowser(), 'bob')
    const planted = attacker.cookies.get(session) as string
    const victim = createBrowser()
    victim.cookies.set(session, planted)
    const callback = await startSignIn(victim)
    await victim.open(callback)
    expect(victim.cookies.get(session)).not.toBe(planted)
    expect((await attacker.call(`${world.app}/bff/user`)).status).toBe(401)
    expect((await victim.call(`${world.app}/bff/user`)).text).toContain('alice@example.com')
  })

  test('A010: of another person ends the session that was there, and its tokens', async () => {
    const browser = await world.signIn()
    const old = createBrowser()
    old.cookies.set(session, browser.cookies.get(session) as string)
    const fresh = createBrowser()
    fresh.cookies.set(session, browser.cookies.get(session) as string)
    await fresh.open(await startSignIn(fresh, 'bob'))
    expect((await fresh.call(`${world.app}/bff/user`)).text).toContain('bob@example.com')
    expect((await old.call(`${world.app}/bff/user`)).status).toBe(401)
    await expect.poll(() => world.issuerRequests).toContain('POST /revoke')
  })

  test.each([
    '?state=x&code=y',
    '?error=access_denied',
    '',
    '?code=y',
    '?state=x&error=server_error',
  ])('A024: %j proves nothing and changes nothing', async (query) => {
    const browser = await world.signIn()
    world.issuerRequests.length = 0
    const answer = await browser.open(`${world.app}/bff/callback${query}`)
    expect(answer.status).toBe(400)
    expect(answer.headers('set-cookie')).toEqual([])
    expect(world.issuerRequests).toEqual([])
    expect((await browser.call(`${world.app}/bff/user`)).status).toBe(200)
  })

  test('A024: with an error of its own transaction says so, and offers to start again', async () => {
    const browser = createBrowser()
    const login = await browser.open(`${world.app}/bff/login?returnUrl=/orders`)
    const state = new URL(login.header('location') ?? '').searchParams.get('state')
    const iss = encodeURIComponent(world.issuer)
    const query = `?error=access_denied&state=${state}&iss=${iss}`
    const answer = await browser.open(`${world.app}/bff/callback${query}`)
    expect(answer.status).toBe(400)
    expect(answer.text).toContain('The sign-in was not granted')
    expect(answer.text).toContain('/bff/login?returnUrl=%2Forders')
    expect(tokenCalls()).toBe(0)
  })

  test('A028: as a cross-site form POST is not taken', async () => {
    const browser = createBrowser()
    const callback = new URL(await startSignIn(browser))
    const answer = await browser.ask(`${world.app}/bff/callback`, {
      method: 'POST',
      headers: ['content-type', 'application/x-www-form-urlencoded', 'origin', world.issuer],
      body: callback.search.slice(1),
    })
    expect(answer.status).toBe(405)
    expect(answer.header('allow')).toBe('GET')
    expect(tokenCalls()).toBe(0)
  })

  test.each([
    ['HEAD', []],
    ['OPTIONS', []],
    ['GET', ['sec-purpose', 'prefetch']],
    ['GET', ['sec-purpose', 'prefetch;prerender']],
    ['GET', ['purpose', 'prefetch']],
    ['GET', ['sec-fetch-mode', 'cors', 'sec-fetch-dest', 'empty']],
    ['GET', ['sec-fetch-mode', 'navigate', 'sec-fetch-dest', 'iframe']],
  ])('A029: by %s %j neither starts nor spends a sign-in', async (method, headers) => {
    const browser = createBrowser()
    const callback = await startSignIn(browser)
    const login = await browser.ask(`${world.app}/bff/login`, { method, headers })
    const early = await browser.ask(callback, { method, headers })
    expect([login.status, early.status].every((status) => status === 403 || status === 405)).toBe(
      true,
    )
    expect(login.headers('set-cookie')).toEqual([])
    expect(tokenCalls()).toBe(0)
    expect((await browser.open(callback)).status).toBe(303)
  })

  test('A021: has a cookie that is no session, and a session is no transaction', async () => {
    const browser = createBrowser()
    await startSignIn(browser)
    const [name, value] =
      [...browser.cookies].find(([key]) => key.startsWith(`${session}.tx.`)) ?? []
    browser.cookies.set(session, value as string)
    expect((await browser.call(`${world.app}/bff/user`)).status).toBe(401)
    const signedIn = await world.signIn()
    signedIn.cookies.set(name as string, signedIn.cookies.get(session) as string)
    const state = name?.slice(`${session}.tx.`.length)
    const answer = await signedIn.open(`${world.app}/bff/callback?code=x&state=${state}`)
    expect(answer.status).toBe(400)
  })
})
