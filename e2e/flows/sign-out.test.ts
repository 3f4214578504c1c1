import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createBrowser } from '../world/browser.ts'
import { createWorld, type World } from '../world/world.ts'

const session = '__Host-Http-bff'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())
beforeEach(() => {
  world.issuerRequests.length = 0
})

async function logoutUrl(browser: Awaited<ReturnType<World['signIn']>>): Promise<string> {
  const answer = await browser.call(`${world.app}/bff/user`)
  const claims = answer.json<{ type: string; value: string }[]>()
  return `${world.app}${claims.find(({ type }) => type === 'bff:logout_url')?.value}`
}

describe('signing out', () => {
  test('ends the session, revokes the refresh token, ends the issuer’s session, comes home', async () => {
    const browser = await world.signIn()
    const stolen = createBrowser()
    stolen.cookies.set(session, browser.cookies.get(session) as string)

    const answer = await browser.call(`${world.app}/bff/logout`, { method: 'POST' })
    expect(answer.json()).toEqual({ logoutUrl: '/bff/logout' })
    expect(browser.cookies.has(session)).toBe(false)
    expect((await stolen.call(`${world.app}/bff/user`)).status).toBe(401)
    expect((await stolen.call(`${world.app}/api/orders`)).status).toBe(401)
    await expect.poll(() => world.issuerRequests).toContain('POST /revoke')

    const end = await browser.navigate(`${world.app}/bff/logout`)
    expect(end.url).toBe(`${world.app}/`)
    expect(end.visited.some((url) => url.startsWith(world.issuer))).toBe(true)
    expect(end.visited.join(' ')).not.toMatch(/eyJ/)
    expect([...browser.cookies.keys()].filter((name) => name.startsWith('__Host-'))).toEqual([])

    const again = await browser.navigate(`${world.app}/bff/login`)
    expect(again.url.startsWith(world.issuer)).toBe(true)
    expect(again.answer.text).toContain('name="password"')
  })

  test('by link needs the sid of the session', async () => {
    const browser = await world.signIn()
    for (const query of ['', '?sid=', '?sid=x', '?sid=x&sid=y']) {
      const refused = await browser.navigate(`${world.app}/bff/logout${query}`)
      expect(refused.answer.status).toBe(400)
    }
    expect((await browser.call(`${world.app}/bff/user`)).status).toBe(200)
    const end = await browser.navigate(await logoutUrl(browser))
    expect(end.url).toBe(`${world.app}/`)
    expect((await browser.call(`${world.app}/bff/user`)).status).toBe(401)
  })

  test('without a session is no error (RIL-03)', async () => {
    const browser = createBrowser()
    const script = await browser.call(`${world.app}/bff/logout`, { method: 'POST' })
    expect(script.status).toBe(200)
    const link = await browser.navigate(`${world.app}/bff/logout?sid=x`)
    expect(link.visited).toEqual([`${world.app}/bff/logout?sid=x`, `${world.app}/`])
  })

  test('works while the issuer is down: the session is gone at once', async () => {
    const browser = await world.signIn()
    await world.stopIssuer()
    const answer = await browser.call(`${world.app}/bff/logout`, { method: 'POST' })
    expect(answer.status).toBe(200)
    expect((await browser.call(`${world.app}/bff/user`)).status).toBe(401)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10_000 })
    const end = await browser.navigate(`${world.app}/bff/logout`)
    vi.useRealTimers()
    expect(end.visited).toEqual([`${world.app}/bff/logout`, `${world.app}/`])
    await world.startIssuer()
  })

  test('that the issuer did not learn of: it must ask at the next sign-in, until somebody did', async () => {
    const browser = await world.signIn()
    await browser.call(`${world.app}/bff/logout`, { method: 'POST' })
    const asked = await browser.open(`${world.app}/bff/login`)
    expect(new URL(asked.header('location') ?? '').searchParams.get('prompt')).toBe('login')
    const silent = await browser.open(`${world.app}/bff/login?prompt=none&returnUrl=/orders`)
    expect(silent.header('location')).toBe(`${world.app}/orders`)
    await world.signIn(browser)
    expect([...browser.cookies.keys()].filter((name) => name.endsWith('signed-out'))).toEqual([])
  })

  test('after the session has ended by itself still ends the issuer’s, without a question', async () => {
    for (const isScript of [false, true]) {
      const browser = await world.signIn()
      const link = await logoutUrl(browser)
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 1900_000 })
      expect((await browser.call(`${world.app}/bff/user`)).status).toBe(401)
      const wrong = await browser.navigate(`${world.app}/bff/logout?sid=x`)
      expect(wrong.visited).toEqual([`${world.app}/bff/logout?sid=x`, `${world.app}/`])
      if (isScript) await browser.call(`${world.app}/bff/logout`, { method: 'POST' })
      const end = await browser.navigate(isScript ? `${world.app}/bff/logout` : link)
      vi.useRealTimers()
      expect(end.url).toBe(`${world.app}/`)
      expect(end.visited[1]).toMatch(/logout_hint=/)
      const again = await browser.navigate(`${world.app}/bff/login`)
      expect(again.answer.text).toContain('name="password"')
    }
  })

  test('at the issuer ends the session here, over the back channel', async () => {
    const browser = await world.signIn()
    const other = createBrowser()
    for (const [name, value] of browser.cookies) {
      if (!name.startsWith('__Host-')) other.cookies.set(name, value)
    }
    const question = await other.navigate(`${world.issuer}/sign-out`)
    await other.submit(question, { logout: 'yes' })
    const status = async () => (await browser.call(`${world.app}/bff/user`)).status
    await expect.poll(status).toBe(401)
  })
})
