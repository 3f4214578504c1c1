import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
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
afterEach(() => {
  vi.useRealTimers()
})

const tokenCalls = () => world.issuerRequests.filter((call) => call === 'POST /token').length
const rejected = 'This sign-in cannot be completed'

function wait(seconds: number) {
  const now = Date.now()
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(now + seconds * 1000)
}

/** A tab that signed in at the issuer, and whose answer is still on its way. */
async function atTheDoor(browser = createBrowser(), query = 'returnUrl=/orders?page=2') {
  const login = await browser.open(`${world.app}/bff/login?${query}`)
  const there = createBrowser()
  for (const [name, value] of browser.cookies) {
    if (!name.startsWith(session)) there.cookies.set(name, value)
  }
  const form = await there.navigate(login.header('location') ?? '')
  const fields = { username: 'alice', password: passwordOf('alice') }
  const { visited } = await there.submit(form, fields)
  for (const [name, value] of there.cookies) {
    if (!name.startsWith(session)) browser.cookies.set(name, value)
  }
  const callback = visited.find((url) => url.includes('/bff/callback'))
  if (!callback) throw new Error('the identity server sent no authorization response')
  world.issuerRequests.length = 0
  return { browser, callback }
}

describe('a sign-in that took too long', () => {
  test('A022: starts again by itself, as it was, and ends where it was going', async () => {
    const { browser, callback } = await atTheDoor(
      createBrowser(),
      'returnUrl=/orders?page=2&ui_locales=de&acr_values=urn:sallyport:acr:password',
    )
    wait(601)
    const late = await browser.open(callback)
    expect(late.status).toBe(303)
    const asked = new URL(late.header('location') ?? '')
    expect(asked.origin).toBe(world.issuer)
    expect(asked.searchParams.get('ui_locales')).toBe('de')
    expect(asked.searchParams.get('acr_values')).toBe('urn:sallyport:acr:password')
    expect(asked.searchParams.get('state')).not.toBe(new URL(callback).searchParams.get('state'))
    expect(tokenCalls()).toBe(0)

    // The issuer knows the person by now.
    const end = await browser.navigate(asked.href)
    expect(end.url).toBe(`${world.app}/orders?page=2`)
    expect(browser.cookies.has(session)).toBe(true)
    expect([...browser.cookies.keys()].filter((name) => name.includes('.tx.'))).toEqual([])
  })

  test('A022: starts once; the second time it explains itself, with a link, and no loop', async () => {
    const { browser, callback } = await atTheDoor()
    wait(601)
    const again = await browser.open(callback)
    const state = new URL(again.header('location') ?? '').searchParams.get('state')
    wait(601)
    const late = callback.replace(/state=[^&]+/, `state=${state}`)
    const answer = await browser.open(late)
    expect(answer.status).toBe(400)
    expect(answer.text).toContain(rejected)
    expect(answer.text).toContain('href="/bff/login"')
    expect((await browser.open(callback)).status).toBe(400)
    expect(tokenCalls()).toBe(0)
    // Whoever follows the link starts afresh, and may be late once more.
    const fresh = await atTheDoor(browser)
    wait(601)
    expect((await browser.open(fresh.callback)).status).toBe(303)
  })

  test('is forgotten after two hours', async () => {
    const { browser, callback } = await atTheDoor()
    wait(7201)
    const answer = await browser.open(callback)
    expect([answer.status, answer.text.includes(rejected)]).toEqual([400, true])
  })

  test.each(['access_denied', 'server_error', 'login_required'])(
    'does not start again when the issuer says %s',
    async (error) => {
      const { browser, callback } = await atTheDoor()
      wait(601)
      const answer = await browser.open(callback.replace(/code=[^&]+/, `error=${error}`))
      expect(answer.status).toBe(400)
      expect(answer.text).toContain(rejected)
    },
  )

  test('A029: does not start again for a guess, a script or a frame', async () => {
    const { browser, callback } = await atTheDoor()
    wait(601)
    for (const headers of [
      ['sec-purpose', 'prefetch'],
      ['sec-fetch-mode', 'cors', 'sec-fetch-dest', 'empty'],
      ['sec-fetch-mode', 'navigate', 'sec-fetch-dest', 'iframe'],
    ]) {
      expect((await browser.ask(callback, { headers })).headers('location')).toEqual([])
    }
    expect((await browser.open(callback)).status).toBe(303)
  })

  test('still asks who it is when this browser has signed out', async () => {
    const { browser, callback } = await atTheDoor()
    browser.cookies.set(`${session}.signed-out`, '1')
    wait(601)
    const { header } = await browser.open(callback)
    expect(new URL(header('location') ?? '').searchParams.get('prompt')).toBe('login')
  })

  test('says so when the issuer is not there any more', async () => {
    // One that has not asked the issuer in the future of another test.
    await world.restartGateway()
    const { browser, callback } = await atTheDoor()
    wait(700)
    await world.stopIssuer()
    const answer = await browser.open(callback)
    await world.startIssuer()
    expect(answer.status).toBe(503)
    expect(answer.text).toContain('/bff/login?returnUrl=%2Forders%3Fpage%3D2')
  })
})

describe('an answer that comes again', () => {
  test('after the sign-in, by the back button: the application', async () => {
    const { browser, callback } = await atTheDoor()
    expect((await browser.open(callback)).header('location')).toBe(`${world.app}/orders?page=2`)
    const before = browser.cookies.get(session)
    const back = await browser.open(callback)
    expect([back.status, back.header('location')]).toEqual([303, `${world.app}/`])
    expect(browser.cookies.get(session)).toBe(before)
    expect(tokenCalls()).toBe(1)
  })

  test('before the first was read: the sign-in starts anew, once', async () => {
    const { browser, callback } = await atTheDoor()
    const twin = createBrowser()
    for (const [name, value] of browser.cookies) twin.cookies.set(name, value)
    await browser.open(callback)
    // What the first answer set never arrived.
    const restart = await twin.open(callback)
    const next = restart.header('location') ?? ''
    expect(next.startsWith(world.issuer)).toBe(true)
    const end = await twin.navigate(next)
    expect(end.url).toBe(`${world.app}/orders?page=2`)
    expect(tokenCalls()).toBe(2)
  })

  test('A005, A022: a restart that is replayed is explained', async () => {
    const { browser, callback } = await atTheDoor()
    wait(601)
    const restart = await browser.open(callback)
    const twin = createBrowser()
    for (const [name, value] of browser.cookies) twin.cookies.set(name, value)
    const { visited } = await browser.navigate(restart.header('location') ?? '')
    const second = visited.find((url) => url.includes('/bff/callback')) ?? ''
    const answer = await twin.open(second)
    expect([answer.status, answer.text.includes(rejected)]).toEqual([400, true])
    expect(tokenCalls()).toBe(1)
  })

  test('in a tab that was left open while another signed in: the page that it was for', async () => {
    const { browser, callback } = await atTheDoor()
    wait(601)
    const other = await atTheDoor(browser, 'returnUrl=/security')
    await browser.open(other.callback)
    const before = browser.cookies.get(session)
    const answer = await browser.open(callback)
    expect(answer.header('location')).toBe(`${world.app}/orders?page=2`)
    expect(browser.cookies.get(session)).toBe(before)
    expect(tokenCalls()).toBe(1)
  })

  test('A001: to a browser that began nothing is refused, or leads home', async () => {
    const { callback } = await atTheDoor()
    const stranger = await createBrowser().open(callback)
    expect([stranger.status, stranger.headers('set-cookie')]).toEqual([400, []])
    const bob = await world.signIn(createBrowser(), 'bob')
    const answer = await bob.open(callback)
    expect(answer.header('location')).toBe(`${world.app}/`)
    expect((await bob.call(`${world.app}/bff/user`)).text).toContain('bob@example.com')
    expect(world.issuerRequests.filter((one) => one === 'POST /token')).toHaveLength(1)
  })

  test('A021: with a planted transaction is refused, session or not', async () => {
    const { browser, callback } = await atTheDoor()
    const name = [...browser.cookies.keys()].find((one) => one.includes('.tx.')) as string
    const signedIn = await world.signIn(createBrowser(), 'bob')
    for (const victim of [createBrowser(), signedIn]) {
      victim.cookies.set(name, `${browser.cookies.get(name)?.slice(0, -4)}AAAA`)
      const answer = await victim.open(callback)
      expect([answer.status, answer.text.includes(rejected)]).toEqual([400, true])
    }
  })
})
