import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createBrowser } from '../world/browser.ts'
import {
  copyOf,
  createVisitorWorld,
  type VisitorWorld,
  visitorCookie,
} from '../world/visitor-world.ts'
import { passwordOf } from '../world/world.ts'

let world: VisitorWorld
beforeAll(async () => {
  world = await createVisitorWorld()
})
afterAll(() => world.close())
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
  world.inventory.requests.length = 0
})
afterEach(() => vi.useRealTimers())

const call = (...given: Parameters<VisitorWorld['call']>) => world.call(...given)
const visit = (...given: Parameters<VisitorWorld['visit']>) => world.visit(...given)
const told = () => world.told()

describe('a visitor who signs in', () => {
  test('is told to the API beside the user, is nobody without, and another one afterwards', async () => {
    const browser = createBrowser()
    const visitor = await visit(browser)
    const anonymous = copyOf(browser)
    await world.signIn(browser)
    expect(browser.cookies.has(visitorCookie)).toBe(false)
    await call(browser)
    expect(told().visitor).toBe(visitor)
    expect(told().subject).toBeTruthy()
    for (const path of ['/api/merge', '/api/safe-basket/x']) {
      expect(await visit(browser, path)).toBe(visitor)
    }
    expect((await call(browser, '/api/perhaps/x')).status).toBe(200)
    expect(told().visitor).toBeUndefined()
    // Whoever kept or planted the cookie has nobody's.
    expect(await visit(anonymous)).not.toBe(visitor)
    await call(browser, '/bff/logout', { method: 'POST' })
    const next = await visit(browser)
    expect(next).not.toBe(visitor)
    expect(told().subject).toBeUndefined()
  })

  test('A009: is under a new session id, which nobody knew before', async () => {
    const planted = createBrowser()
    const visitor = await visit(planted)
    const victim = createBrowser()
    const value = planted.cookies.get(visitorCookie) as string
    victim.cookies.set(visitorCookie, value)
    victim.cookies.set('__Host-Http-bff', value)
    expect((await call(victim, '/api/inventory/x')).status).toBe(401)
    victim.cookies.delete('__Host-Http-bff')
    await world.signIn(victim)
    const session = victim.cookies.get('__Host-Http-bff') ?? ''
    expect(session).not.toContain(value)
    expect(session).not.toContain(visitor)
    // The one who planted it is signed in nowhere, and is that visitor no more.
    expect((await call(planted, '/api/inventory/x')).status).toBe(401)
    expect((await call(planted, '/api/merge')).status).toBe(401)
    expect(await visit(planted)).not.toBe(visitor)
  })

  test('A009: is one person only: a second one does not get what the first one had', async () => {
    const first = createBrowser()
    const visitor = await visit(first)
    const second = copyOf(first)
    await world.signIn(first)
    await world.signIn(second, 'bob')
    await call(second)
    expect(told().subject).toBeTruthy()
    expect(told().visitor).toBeUndefined()
    expect(await visit(first, '/api/merge')).toBe(visitor)
  })

  test('A009: of two people who took it along at once, one has it', async () => {
    const first = createBrowser()
    const visitor = await visit(first)
    const second = copyOf(first)
    const pages = [
      await first.navigate(`${world.app}/bff/login`),
      await second.navigate(`${world.app}/bff/login`),
    ]
    const password = (username: string) => ({ username, password: passwordOf(username) })
    await second.submit(pages[1] as never, password('bob'))
    await first.submit(pages[0] as never, password('alice'))
    await call(second, '/api/merge')
    expect(told().visitor).toBe(visitor)
    await call(first, '/api/merge')
    expect(told().visitor).toBeUndefined()
    expect(world.logLines.join('')).toContain('visitor_refused')
  })

  test('goes on through another sign-in of the same person, and not of another one', async () => {
    const browser = createBrowser()
    const visitor = await visit(browser)
    await world.signIn(browser)
    const again = async (username: string) => {
      const page = await browser.navigate(`${world.app}/bff/login?prompt=login`)
      await browser.submit(page, { username, password: passwordOf(username) })
      await call(browser, '/api/merge')
      return told()
    }
    const { subject, visitor: kept } = await again('alice')
    expect(kept).toBe(visitor)
    const other = await again('bob')
    expect(other.subject).not.toBe(subject)
    expect(other.visitor).toBeUndefined()
  })

  test('stays with the page when the sign-in came from another site, or failed', async () => {
    const browser = createBrowser()
    const visitor = await visit(browser)
    // A link elsewhere: a browser keeps Strict cookies to itself.
    const value = browser.cookies.get(visitorCookie) as string
    browser.cookies.delete(visitorCookie)
    await world.signIn(browser)
    browser.cookies.set(visitorCookie, value)
    await call(browser)
    expect(told().subject).toBeTruthy()
    expect(told().visitor).toBeUndefined()
    // Signing out takes it too: whoever comes next is another one.
    await call(browser, '/bff/logout', { method: 'POST' })
    expect(browser.cookies.has(visitorCookie)).toBe(false)

    const denied = createBrowser()
    const other = await visit(denied)
    const login = await denied.ask(`${world.app}/bff/login`)
    const state = new URL(login.header('location') ?? '').searchParams.get('state')
    const query = `error=access_denied&state=${state}&iss=${encodeURIComponent(world.issuer)}`
    expect((await denied.ask(`${world.app}/bff/callback?${query}`)).status).toBe(400)
    expect(await visit(denied)).toBe(other)
    expect(other).not.toBe(visitor)
  })

  test('A021: cannot be written into a sign-in from outside', async () => {
    const browser = createBrowser()
    const visitor = await visit(createBrowser())
    const page = await browser.navigate(`${world.app}/bff/login?visitor=${visitor}`)
    await browser.submit(page, { username: 'alice', password: passwordOf('alice') })
    await call(browser, '/api/merge')
    expect(told().subject).toBeTruthy()
    expect(told().visitor).toBeUndefined()
  })
})

test('no visitor’s id is in a log, a URL or an answer', async () => {
  const browser = createBrowser()
  const visitor = await visit(browser)
  await world.signIn(browser)
  const user = await call(browser, '/bff/user')
  expect(user.text).not.toContain(visitor)
  expect(browser.setCookies.join()).not.toContain(visitor)
  expect(world.logLines.join('')).not.toContain(visitor)
})
