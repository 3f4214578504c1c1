import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createBrowser } from '../world/browser.ts'
import { untouched } from '../world/untouched.ts'
import {
  createVisitorWorld,
  type VisitorWorld,
  visitorCookie,
  visitorLifetime,
} from '../world/visitor-world.ts'

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

async function storeDigest(): Promise<string> {
  const file = join(world.settings.dataDir, 'sessions', 'data.mdb')
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
}

describe('visitors', () => {
  test('leave nothing in the store, a thousand of them', async () => {
    await untouched(world, async () => undefined)
    const before = await storeDigest()
    const paths = ['/api/basket/x', '/api/perhaps/x', '/api/open/x', '/api/safe-basket/x']
    const seen = new Set<string>()
    for (let i = 0; i < 1000; i += 20) {
      await Promise.all(
        Array.from({ length: 20 }, async (_, at) => {
          const browser = createBrowser()
          expect((await call(browser, paths[at % 4])).status).toBe(200)
          const cookie = browser.cookies.get(visitorCookie)
          expect(cookie !== undefined).toBe(at % 4 === 0 || at % 4 === 3)
          if (cookie) seen.add(cookie)
        }),
      )
    }
    expect(seen.size).toBe(500)
    expect(await storeDigest()).toBe(before)
  })

  test('are the same at each call, different from each other, and known to routes that ask', async () => {
    const [one, two] = [createBrowser(), createBrowser()]
    const first = await visit(one)
    expect(first).toMatch(/^[\w-]{43}$/)
    expect(await visit(two)).not.toBe(first)
    expect(await visit(one)).toBe(first)
    expect(await visit(one, '/api/safe-basket/x')).toBe(first)
    expect(one.setCookies).toHaveLength(1)
    expect(one.setCookies[0]).toMatch(/; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=7200$/)
    for (const path of ['/api/perhaps/x', '/api/open/x', '/api/as-client/x']) {
      await call(one, path)
      expect(told().visitor).toBeUndefined()
    }
    expect((await call(one, '/api/merge')).status).toBe(401)
  })

  test('are the same after a restart, and others after their time', async () => {
    const browser = createBrowser()
    const first = await visit(browser)
    await world.restartGateway()
    expect(await visit(browser)).toBe(first)
    vi.setSystemTime(Date.now() + visitorLifetime * 1000)
    const second = await visit(browser)
    expect(second).not.toBe(first)
    expect(await visit(browser)).toBe(second)
  })
})

describe('only the application itself makes one or calls as one', () => {
  test.each<[string, string[]]>([
    ['without our header', ['sec-fetch-site', 'same-origin']],
    ['with our header wrong', ['x-csrf', '2', 'sec-fetch-site', 'same-origin']],
    ['from another site', ['x-csrf', '1', 'sec-fetch-site', 'cross-site']],
    ['from a sibling', ['x-csrf', '1', 'sec-fetch-site', 'same-site']],
    ['from another origin', ['x-csrf', '1', 'origin', 'https://evil.example']],
    ['as a page of the browser', ['sec-fetch-mode', 'navigate', 'sec-fetch-site', 'none']],
  ])('not %s', async (_, headers) => {
    const known = createBrowser()
    await visit(known)
    const cookies = known.setCookies.length
    for (const browser of [createBrowser(), known]) {
      const answer = await untouched(world, () =>
        browser.ask(`${world.app}/api/basket/x`, { method: 'GET', headers }),
      )
      expect(answer.status).toBe(403)
      expect(answer.headers('set-cookie')).toEqual([])
    }
    expect(known.setCookies).toHaveLength(cookies)
  })

  test.each([
    'sallyport-visitor',
    'Sallyport-Visitor',
    'SALLYPORT-VISITOR',
    'sallyport_visitor',
    'sallyport-subject',
  ])('A097: %s from a client reaches no API, on any route', async (name) => {
    const alice = await world.signIn()
    const browser = createBrowser()
    const own = await visit(browser)
    for (const who of [browser, alice, createBrowser()]) {
      for (const path of [
        ...['/api/basket/x', '/api/safe-basket/x', '/api/merge', '/api/perhaps/x'],
        ...['/api/open/x', '/api/as-client/x', '/api/inventory/x'],
      ]) {
        world.inventory.requests.length = 0
        await call(who, path, { headers: [name, 'planted'] })
        await call(who, path, { headers: [name, 'planted', 'connection', name] })
        for (const request of world.inventory.requests) {
          expect(JSON.stringify(request)).not.toContain('planted')
        }
      }
    }
    expect(await visit(browser)).toBe(own)
  })

  test('A060: two different visitor cookies are nobody, in either order, and none is given', async () => {
    const [one, two] = [createBrowser(), createBrowser()]
    await visit(one)
    await visit(two)
    const [a, b] = [one, two].map(({ cookies }) => `${visitorCookie}=${cookies.get(visitorCookie)}`)
    for (const cookie of [`${a}; ${b}`, `${b}; ${a}`, `${a}; ${visitorCookie}=x`]) {
      const answer = await call(createBrowser(), undefined, { headers: ['cookie', cookie] })
      expect(answer.status).toBe(200)
      expect(told()).toEqual({ subject: undefined, visitor: undefined })
      expect(answer.headers('set-cookie')).toEqual([])
    }
    expect(world.logLines.join('')).toContain('visitor_cookie_ambiguous')
  })

  test('A062: a cookie in disguise, changed or made up is no visitor of ours', async () => {
    const browser = createBrowser()
    const own = await visit(browser)
    const value = browser.cookies.get(visitorCookie)
    for (const cookie of [
      `__host-http-bff.visitor=${value}`,
      `bff.visitor=${value}`,
      `${visitorCookie}=${own}`,
      `${visitorCookie}=${value}A`,
      `__Host-Http-bff=${value}`,
    ]) {
      const answer = await call(createBrowser(), undefined, { headers: ['cookie', cookie] })
      if (answer.status === 200) expect(told().visitor).not.toBe(own)
      else expect(answer.status).toBe(401)
    }
  })
})
