import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createBrowser } from '../world/browser.ts'
import { corsOf, createSplitWorld, type SplitWorld, scriptOf } from '../world/split-world.ts'
import { untouched } from '../world/untouched.ts'
import { passwordOf, type World } from '../world/world.ts'

const alice = { username: 'alice', password: passwordOf('alice') }

let split: SplitWorld
let world: World
let www: string
beforeAll(async () => {
  split = await createSplitWorld()
  ;({ world, www } = split)
})
afterAll(() => split?.close())

describe('a sign-in', () => {
  test('that starts at an allowed origin ends there, and one that says nothing ends at the first page', async () => {
    for (const [query, wanted] of [
      [`?returnUrl=${encodeURIComponent(`${www}/orders?page=2#top`)}`, '/orders?page=2#top'],
      [`?target_link_uri=${encodeURIComponent(`${www}/orders`)}`, '/orders'],
      ['', '/'],
    ]) {
      const own = createBrowser()
      const page = await own.navigate(`${world.app}/bff/login${query}`)
      const back = await own.submit(page, alice)
      expect(back.url).toBe(`${www}${wanted}`)
      expect(back.answer.text).toBe('the application')
      const again = await own.open(`${world.app}/bff/login${query}`)
      expect(again.header('location')).toBe(`${www}${wanted}`)
      expect(corsOf(again)).toEqual({})
    }
  })

  test('goes on by a page: a redirect belongs to the issuer’s form, which may end at the BFF only', async () => {
    const own = await world.signIn()
    own.cookies.delete('__Host-Http-bff')
    const returnUrl = encodeURIComponent(`${www}/orders?page=2&sort=up`)
    const login = await own.open(`${world.app}/bff/login?returnUrl=${returnUrl}`)
    const issued = await own.open(login.header('location') ?? '')
    const onward = await own.open(issued.header('location') ?? '')
    expect([onward.status, onward.header('location')]).toEqual([200, undefined])
    expect(onward.text).toContain(`content="0;url=${www}/orders?page=2&amp;sort=up"`)
    expect(onward.header('content-security-policy')).toBe(
      "default-src 'none'; frame-ancestors 'none'",
    )
    expect(onward.header('cache-control')).toBe('no-store')
    expect(own.cookies.has('__Host-Http-bff')).toBe(true)
  })

  const wwwHost = () => new URL(www).host
  test.each<[string, () => string]>([
    ['A040: a path of it that names a host', () => `${www}//evil.example`],
    ['A040: without a scheme', () => `//${wwwHost()}/`],
    ['A041: a backslash', () => `${www}\\@evil.example/`],
    ['A042: a control character', () => `${www}/\t/evil`],
    ['A044: another scheme', () => `javascript:${www}/`],
    ['A045: a host like it', () => `${www}。evil.example/`],
    ['A045: its superstring', () => `${www}.evil.example/`],
    ['A045: as a user name', () => `${www}@evil.example/`],
    ['A045: its port, longer', () => `${www}1/`],
    ['A046: dots', () => `${www}/..//evil.example`],
    ['A048: encoded slashes', () => `${www}/%2f%2fevil.example`],
    ['A049: too long', () => `${www}/${'a'.repeat(2000)}`],
    ['A050: an endpoint', () => `${www}/bff/logout`],
    ['another host', () => 'https://evil.example/'],
    ['ours, whole', () => `${world.app}/orders`],
  ])('A040–A050: %s is refused', async (_row, target) => {
    const query = `?returnUrl=${encodeURIComponent(target())}`
    const answer = await untouched(world, () =>
      createBrowser().open(`${world.app}/bff/login${query}`),
    )
    expect(answer.status).toBe(400)
    expect(answer.headers('set-cookie')).toEqual([])
    expect(answer.text).not.toContain('evil')
    expect(answer.text).toContain(`href="${www}/"`)
  })

  test('A052: two of them are refused', async () => {
    const query = `?returnUrl=/&target_link_uri=${encodeURIComponent(`${www}/`)}`
    expect((await createBrowser().open(`${world.app}/bff/login${query}`)).status).toBe(400)
  })

  test('that fails leads back to where it started', async () => {
    const own = createBrowser()
    const returnUrl = encodeURIComponent(`${www}/orders`)
    await own.open(`${world.app}/bff/login?returnUrl=${returnUrl}`)
    const state = [...own.cookies.keys()].find((name) => name.includes('.tx.'))?.split('.tx.')[1]
    const query = `state=${state}&error=access_denied&iss=${encodeURIComponent(world.issuer)}`
    const answer = await own.open(`${world.app}/bff/callback?${query}`)
    expect(answer.status).toBe(400)
    expect(answer.text).toContain(`href="/bff/login?returnUrl=${returnUrl}"`)
  })
})

test('A053: a sign-in that began while its origin was allowed, and ends after that, ends at home', async () => {
  const own = createBrowser()
  const returnUrl = encodeURIComponent('http://localhost:1/orders')
  const page = await own.navigate(`${world.app}/bff/login?returnUrl=${returnUrl}`)
  const { options } = split
  world.gateway.reload({ ...options, bff: { ...options.bff, allowedOrigins: [www] } })
  const back = await own.submit(page, alice)
  world.gateway.reload(options)
  expect(back.url).toBe(`${www}/`)
  expect(own.cookies.has('__Host-Http-bff')).toBe(true)
})

test('A022, A053: so does one that took too long, for whoever is signed in by then', async () => {
  const own = createBrowser()
  const returnUrl = encodeURIComponent('http://localhost:1/orders')
  const login = await own.open(`${world.app}/bff/login?returnUrl=${returnUrl}`)
  const there = createBrowser()
  const form = await there.navigate(login.header('location') ?? '')
  const { visited } = await there.submit(form, alice)
  await world.signIn(own)
  const { options } = split
  world.gateway.reload({ ...options, bff: { ...options.bff, allowedOrigins: [www] } })
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 601_000 })
  const late = await own.open(visited.find((url) => url.includes('/bff/callback')) ?? '')
  vi.useRealTimers()
  world.gateway.reload(options)
  expect(late.status).toBe(200)
  expect(late.text).toContain(`content="0;url=${www}/"`)
})

test('a sign-out ends at the application', async () => {
  const own = await world.signIn()
  const answer = await own.ask(`${world.app}/bff/logout`, {
    method: 'POST',
    headers: [...scriptOf(www), 'x-csrf', '1'],
  })
  expect(answer.json()).toEqual({ logoutUrl: '/bff/logout' })
  expect(corsOf(answer)).toEqual({ 'allow-origin': [www], 'allow-credentials': ['true'] })
  const end = await own.navigate(`${world.app}/bff/logout`)
  expect(end.visited.some((url) => url.startsWith(world.issuer))).toBe(true)
  expect(end.url).toBe(`${www}/`)
  const again = await own.navigate(`${world.app}/bff/logout`)
  expect(again.url).toBe(`${www}/`)
})
