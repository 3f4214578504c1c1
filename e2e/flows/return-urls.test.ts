import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser } from '../world/browser.ts'
import { head, sendRaw } from '../world/raw.ts'
import { untouched } from '../world/untouched.ts'
import { createWorld, passwordOf, type World } from '../world/world.ts'

const alice = { username: 'alice', password: passwordOf('alice') }

let world: World
beforeAll(async () => {
  world = await createWorld()
  await world.signIn()
})
afterAll(() => world.close())

const login = (query: string, headers: string[] = []) =>
  createBrowser().ask(`${world.app}/bff/login${query}`, { headers })

describe('a return URL that may lead elsewhere', () => {
  const refused: Record<string, string[]> = {
    'A040: another host': ['//evil.example', '///evil.example', '////evil.example', '//'],
    'A041: a backslash': [
      ...['/\\evil.example', '\\/\\/evil', '/\\/evil', '\\\\evil', '\\evil'],
      ...['/%5cevil.example', '/%5C%5Cevil', '/orders%5c..%5c..%5c/evil'],
    ],
    'A042: a control character': [
      ...['/\t/evil', '/\n/evil', '/\r/evil', '\t//evil', ' //evil', '/ /evil', '/\0', '\x0b/x'],
      ...['/\r\nSet-Cookie: a=b', '/%09%2fevil', '/%00', '/%0d%0a/../..//evil'],
    ],
    'A044: a scheme': [
      ...['data:text/html,<script>', 'javascript:alert(1)', 'vbscript:x', 'java\r\nscript:x'],
      ...['blob:x', '/\x01javascript:x', 'https:evil', 'http:/evil', 'https://evil.example'],
    ],
    'A045: Unicode': [
      ...['//evil%E3%80%82example', '//evil。example', '/〵evil', '/ーevil', '／／evil', '／evil'],
      ...['/\u200b/evil', '\ufeff//evil', '/é', 'https://аpp.example/'],
    ],
    'A046: dots that lead up': [
      ...['/..//evil', '/.//evil', '/foo/..//evil', '/./\\evil', '/%2e%2e//evil', '/%2E/%2e/x'],
      ...['/orders/../..//evil', '/..;//evil'],
    ],
    'A048: encoded slashes': ['/%2f%2fevil', '%2f%2fevil', '/x%2f..%2f..%2f%2fevil', '%252f%252f'],
    'A049: too long': [`/${'a'.repeat(7000)}`, `/${'a'.repeat(1024)}//evil`],
    'A050: an endpoint of the BFF': [
      ...['/bff/login', '/bff/logout', '/bff/logout?sid=x', '/bff/callback?code=x&state=y'],
      ...['/bff', '/bff?x', '/bff/user', '/%62ff/logout', '/BFF/logout', '/orders/../bff/logout'],
    ],
    'no path': ['', '?', '#', 'orders', '.', '@evil.example', ':80', 'evil.example/x'],
  }
  const rows = Object.entries(refused).flatMap(([row, all]) => all.map((one) => [row, one]))

  test.each(rows)('%s: %j is refused', async (_row, returnUrl) => {
    const answer = await untouched(world, () =>
      login(`?returnUrl=${encodeURIComponent(returnUrl as string)}`),
    )
    expect(answer.status).toBe(400)
    expect(answer.json()).toMatchObject({ type: 'urn:sallyport:problem:return_url_invalid' })
    expect(answer.headers('set-cookie')).toEqual([])
    expect(answer.header('location')).toBeUndefined()
  })

  test('A040: is refused in its raw spelling too', async () => {
    const host = `Host: ${new URL(world.app).host}`
    for (const raw of [
      '//evil.example',
      '/%5Cevil',
      '/%09/evil',
      '%2F%2Fevil',
      '/%2e%2e%2f%2fevil',
    ]) {
      const bytes = head(`GET /bff/login?returnUrl=${raw} HTTP/1.1`, host, 'Connection: close')
      const answer = await untouched(world, () => sendRaw(world.app, bytes))
      expect(answer.statuses, raw).toEqual([400])
    }
  })

  test.each([
    'returnUrl[]=/orders',
    'returnUrl[0]=/orders',
    'returnUrl[x]=/orders',
    'returnUrl%5B%5D=%2Forders',
    'returnUrl=/orders&returnUrl=/orders',
    'returnUrl=/orders&returnUrl=//evil',
    'returnUrl=/orders&returnUrl[]=//evil',
  ])('A052: %s is refused: one string and nothing else', async (query) => {
    const answer = await untouched(world, () => login(`?${query}`))
    expect(answer.status).toBe(400)
    expect(answer.headers('set-cookie')).toEqual([])
  })

  test('A049: a page tells a person so, without the words of the attacker', async () => {
    const headers = ['sec-fetch-mode', 'navigate', 'accept', 'text/html']
    const answer = await login('?returnUrl=//evil.example/%3Cscript%3E', headers)
    expect(answer.status).toBe(400)
    expect(answer.header('content-type')).toMatch(/^text\/html/)
    expect(answer.text).not.toMatch(/evil|<script/i)
  })
})

describe('a return URL of the application', () => {
  test.each([
    ['/', '/'],
    ['/orders?page=2&q=a%20b#top', '/orders?page=2&q=a%20b#top'],
    ['/caf%C3%A9/', '/caf%C3%A9/'],
    ['/a;Path=/x;b=c', '/a;Path=/x;b=c'],
    ['A048 /%252f%252fevil', '/%252f%252fevil'],
    ['/orders?next=//evil.example', '/orders?next=//evil.example'],
  ])('%s: is where the sign-in ends', async (name, wanted) => {
    const returnUrl = name.replace(/^A\d+ /, '')
    const browser = createBrowser()
    const page = await browser.navigate(
      `${world.app}/bff/login?returnUrl=${encodeURIComponent(returnUrl)}`,
    )
    const back = await browser.submit(page, alice)
    expect(back.url).toBe(`${world.app}${wanted}`)
    expect(browser.cookies.has('__Host-Http-bff')).toBe(true)
  })

  test('A053: cannot be changed while it waits in the browser', async () => {
    const browser = createBrowser()
    const page = await browser.navigate(`${world.app}/bff/login?returnUrl=/orders`)
    const [name, value = ''] = [...browser.cookies].find(([n]) => n.includes('.tx.')) ?? []
    browser.cookies.set(name ?? '', value.replace(/.{8}$/, 'AAAAAAAA'))
    const tokenCalls = () => world.issuerRequests.filter((call) => call === 'POST /token').length
    const before = tokenCalls()
    const back = await browser.submit(page, alice)
    expect(back.answer.status).toBe(400)
    expect(tokenCalls()).toBe(before)
    expect(browser.cookies.has('__Host-Http-bff')).toBe(false)
  })

  test('A054: X-Forwarded-Host and its kind change no URL', async () => {
    const forged = ['X-Forwarded-Host', 'X-Original-Host', 'X-Host', 'X-Forwarded-Server']
    const answer = await login('?returnUrl=/orders', [
      ...forged.flatMap((name) => [name, 'evil.example']),
      ...['Forwarded', 'host=evil.example;proto=https', 'X-Forwarded-Prefix', '/evil'],
    ])
    const location = new URL(answer.header('location') ?? '')
    expect(location.origin).toBe(world.issuer)
    expect(location.searchParams.get('redirect_uri')).toBe(`${world.app}/bff/callback`)
    expect(location.href).not.toContain('evil')
  })

  test('A054: another Host gets no redirect at all', async () => {
    const answer = await untouched(world, () =>
      login('?returnUrl=/orders', ['host', 'evil.example']),
    )
    expect(answer.status).toBe(421)
    expect(answer.header('location')).toBeUndefined()
    expect(answer.headers('set-cookie')).toEqual([])
    expect(answer.text).not.toContain('evil')
  })

  test('A056: every redirect is a 303, which repeats neither method nor body', async () => {
    const browser = createBrowser()
    const statuses: number[] = []
    const ask = browser.ask
    const start = await ask(`${world.app}/bff/login?returnUrl=/orders`)
    statuses.push(start.status)
    const page = await browser.navigate(start.header('location') ?? '')
    const back = await browser.submit(page, alice)
    const callbackUrl = back.visited.find((url) => url.includes('/bff/callback'))
    expect(callbackUrl).toBeDefined()
    const loggedIn = await browser.call(`${world.app}/bff/user`)
    const logout = loggedIn
      .json<{ type: string; value: string }[]>()
      .find(({ type }) => type === 'bff:logout_url')
    statuses.push((await ask(`${world.app}${logout?.value}`)).status)
    expect(statuses).toEqual([303, 303])
  })

  test.each(['POST', 'PUT', 'DELETE'])('A056: %s starts no sign-in', async (method) => {
    const answer = await untouched(world, () =>
      createBrowser().ask(`${world.app}/bff/login?returnUrl=/orders`, {
        method,
        body: 'a=b',
        headers: ['origin', 'https://evil.example', 'sec-fetch-site', 'cross-site'],
      }),
    )
    expect(answer.status).toBe(405)
    expect(answer.header('location')).toBeUndefined()
  })
})
