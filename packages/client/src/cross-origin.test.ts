import { expect, test } from 'vitest'
import { createCrossOriginClient } from './cross-origin.ts'
import { createSessionEvents } from './events.ts'
import { listSessions } from './sessions.ts'
import { type SilentLoginPage, silentLogin } from './silent.ts'
import { stepUp, takeStepUp } from './step-up.ts'
import { alice, loginRequired } from './testing/answers.ts'
import { createBrowser } from './testing/browser.ts'

const bffOrigin = 'https://bff.shop.test'

function openPage(answer = () => Response.json(alice), basePath = '') {
  const browser = createBrowser(answer)
  const tab = browser.open('/orders?page=2#last')
  const client = createCrossOriginClient({ bffOrigin, basePath }, tab.page)
  return { browser, client, ...tab }
}

test('asks the BFF, with its cookies and the anti-forgery header', async () => {
  const { browser, client } = openPage(undefined, '/shop')
  expect(await client.session()).toMatchObject({ subject: 'alice' })
  await client.fetch('/api/orders', { method: 'POST', credentials: 'omit', mode: 'no-cors' })
  expect(browser.requests.map(({ url }) => url)).toEqual([
    `${bffOrigin}/shop/bff/user`,
    `${bffOrigin}/api/orders`,
  ])
  for (const { headers, credentials, mode } of browser.requests) {
    expect([credentials, mode, headers.get('x-csrf')]).toEqual(['include', 'cors', '1'])
    expect(headers.get('traceparent')).toMatch(/^00-/)
  }
})

test.each(['https://shop.test/api', 'https://evil.test/', '//evil.test/', `${bffOrigin}.evil/`])(
  'asks nobody else: %s',
  async (url) => {
    const { browser, client } = openPage()
    await expect(client.fetch(url)).rejects.toThrow(TypeError)
    expect(browser.requests).toEqual([])
  },
)

test('signs in at the BFF, and comes back to this page or another one of its origin', () => {
  const { client, assigned } = openPage(loginRequired, '/shop')
  client.login()
  client.login({ returnUrl: '/security', prompt: 'create' })
  client.login({ returnUrl: 'https://other.shop.test/x' })
  const to = (url: string) => `${bffOrigin}/shop/bff/login?returnUrl=${encodeURIComponent(url)}`
  expect(assigned).toEqual([
    to('https://shop.test/orders?page=2#last'),
    `${to('https://shop.test/security')}&prompt=create`,
    to('https://other.shop.test/x'),
  ])
})

test('leaves for the BFF’s sign-out, and tells the other tabs', async () => {
  const { browser, client, assigned } = openPage()
  const other = createCrossOriginClient({ bffOrigin }, browser.open().page)
  await other.session()
  await client.session()
  browser.answer = () => Response.json({ logoutUrl: '/bff/logout' })
  await client.logout()
  expect(assigned).toEqual([`${bffOrigin}/bff/logout`])
  await expect.poll(() => other.getSnapshot().status).toBe('signed_out')
})

test('is one for the events and the sessions as well', async () => {
  const { browser, client, page } = openPage()
  await client.session()
  const events = createSessionEvents(client, {}, page)
  await expect.poll(() => browser.requests.at(-1)?.url).toBe(`${bffOrigin}/bff/events`)
  events.close()
  browser.answer = () => Response.json([])
  expect(await listSessions(client)).toEqual([])
  expect(browser.requests.at(-1)).toMatchObject({
    url: `${bffOrigin}/bff/sessions`,
    credentials: 'include',
  })
})

test('is one for a silent sign-in, which the BFF’s frame alone answers', async () => {
  const { client } = openPage()
  const { port1: frameWindow } = new MessageChannel()
  const target = new EventTarget()
  const frames: { src?: string }[] = []
  const page = {
    document: {
      createElement: () => ({ contentWindow: frameWindow, remove() {} }),
      body: { append: (frame: object) => void frames.push(frame) },
    },
    location: { origin: 'https://shop.test' },
    addEventListener: target.addEventListener.bind(target),
  } as unknown as SilentLoginPage
  const attempt = silentLogin(client, {}, page)
  expect(frames).toMatchObject([{ src: `${bffOrigin}/bff/silent-login` }])
  const post = (origin: string, isLoggedIn: boolean) => {
    const data = { source: 'bff-silent-login', isLoggedIn }
    target.dispatchEvent(new MessageEvent('message', { data, origin, source: frameWindow }))
  }
  post('https://shop.test', false)
  post(bffOrigin, true)
  expect(await attempt).toBe(true)
})

test('is one for stepping up, at the BFF and nowhere else', async () => {
  const { client } = openPage()
  const stored = new Map<string, string>()
  const assigned: string[] = []
  const page = {
    location: {
      ...{ origin: 'https://shop.test', pathname: '/orders', search: '', hash: '#7' },
      assign: (url: string | URL) => void assigned.push(`${url}`),
    },
    sessionStorage: {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => void stored.set(key, value),
      removeItem: (key: string) => void stored.delete(key),
    },
  }
  const answer = (loginUrl: string) => {
    const body = { type: 'urn:sallyport:problem:step_up_required', loginUrl }
    const headers = { 'content-type': 'application/problem+json' }
    const response = new Response(JSON.stringify(body), { status: 401, headers })
    return Object.defineProperty(response, 'url', { value: `${bffOrigin}/api/refund?x=1` })
  }
  for (const elsewhere of [
    '//evil.test/bff/login',
    '/x/bff/login',
    'https://shop.test/bff/login',
  ]) {
    expect(await stepUp(client, answer(elsewhere), { page })).toBe(false)
  }
  expect(await stepUp(client, answer('/bff/login?max_age=60'), { page })).toBe(true)
  const returnUrl = encodeURIComponent('https://shop.test/orders#7')
  expect(assigned).toEqual([`${bffOrigin}/bff/login?max_age=60&returnUrl=${returnUrl}`])
  expect(takeStepUp(client, page)).toBe('/api/refund?x=1')
})

test('can be made on a server', () => {
  const nowhere = { fetch, crypto, BroadcastChannel } as never
  const client = createCrossOriginClient({ bffOrigin }, nowhere)
  expect(client.getSnapshot()).toEqual({ status: 'loading' })
})

test('needs to know where the BFF is', () => {
  expect(() => createCrossOriginClient({ bffOrigin: '/shop' }, openPage().page)).toThrow(TypeError)
})
