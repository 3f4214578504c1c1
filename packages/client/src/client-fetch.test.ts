import { expect, test, vi } from 'vitest'
import { createClient } from './client.ts'
import { alice, loginRequired, problem } from './testing/answers.ts'
import { createBrowser } from './testing/browser.ts'

test('carries the header, a fresh traceparent and nothing to another origin', async () => {
  const browser = createBrowser(() => Response.json({}))
  const client = createClient({}, browser.open('/orders').page)
  const body = JSON.stringify({ sku: 'mug' })
  const init = { method: 'POST', body, credentials: 'include', mode: 'cors' } as const
  const first = await client.fetch('/api/orders', init)
  const second = await client.fetch('/api/orders', init)
  const [one, two] = browser.requests
  expect(one).toMatchObject({
    url: 'https://shop.test/api/orders',
    method: 'POST',
    credentials: 'same-origin',
    mode: 'same-origin',
  })
  expect(one?.headers.get('x-csrf')).toBe('1')
  expect(one?.headers.get('traceparent')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  expect(one?.headers.get('traceparent')).toContain(client.traceId(first))
  expect(two?.headers.get('traceparent')).toContain(client.traceId(second))
  expect(client.traceId(first)).not.toBe(client.traceId(second))
})

test('keeps the traceparent of a caller that traces itself', async () => {
  const browser = createBrowser(() => Response.json({}))
  const client = createClient({}, browser.open().page)
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`
  const response = await client.fetch('/api/orders', { headers: { traceparent } })
  expect(browser.requests[0]?.headers.get('traceparent')).toBe(traceparent)
  expect(client.traceId(response)).toBe('a'.repeat(32))
})

test.each([
  ['protocol-relative', '//evil.test/x'],
  ['backslashes', '/\\evil.test/x'],
  ['two backslashes', '\\\\evil.test/x'],
  ['a tab inside', '/\t/evil.test/x'],
  ['another host', 'https://evil.test/x'],
  ['a host that begins like ours', 'https://shop.test.evil.test/x'],
  ['our name as user', 'https://shop.test@evil.test/x'],
  ['another scheme', 'http://shop.test/x'],
  ['another port', 'https://shop.test:8443/x'],
  ['a blob of our origin', 'blob:https://shop.test/b7c1'],
  ['data', 'data:application/json,{}'],
  ['a script', 'javascript:alert(1)'],
  ['no URL at all', 'https://'],
])('refuses %s before anything is sent', async (_, url) => {
  const browser = createBrowser(() => Response.json({}))
  const client = createClient({}, browser.open().page)
  await expect(client.fetch(url)).rejects.toThrow(TypeError)
  expect(browser.requests).toEqual([])
})

test('takes relative and absolute URLs of its own origin', async () => {
  const browser = createBrowser(() => Response.json({}))
  const client = createClient({}, browser.open('/orders/7').page)
  await client.fetch('../api/orders')
  await client.fetch('https://shop.test/api/orders')
  expect(browser.requests.map(({ url }) => url)).toEqual([
    'https://shop.test/api/orders',
    'https://shop.test/api/orders',
  ])
})

test('login_required ends the session and still is the answer', async () => {
  const browser = createBrowser(() => Response.json(alice))
  const client = createClient({}, browser.open().page)
  await client.session()
  const listener = vi.fn()
  client.subscribe(listener)
  browser.answer = loginRequired
  const response = await client.fetch('/api/orders')
  expect(await response.json()).toMatchObject({ status: 401 })
  expect(client.getSnapshot()).toEqual({ status: 'signed_out', ended: true })
  expect(listener).toHaveBeenCalledOnce()
})

test.each([
  ['a step-up', () => problem(401, 'step_up_required')],
  ['an API that rejects the token', () => problem(401, 'token_invalid')],
  ['an API with its own 401', () => new Response('no', { status: 401 })],
  ['a refusal', () => problem(403, 'csrf_rejected')],
])('%s does not end the session', async (_, answer) => {
  const browser = createBrowser(() => Response.json(alice))
  const client = createClient({}, browser.open().page)
  await client.session()
  browser.answer = answer
  await client.fetch('/api/orders')
  expect(client.getSnapshot().status).toBe('signed_in')
})

test('a failure of the network passes through', async () => {
  const failure = new TypeError('fetch failed')
  const browser = createBrowser(() => Promise.reject(failure))
  const client = createClient({}, browser.open().page)
  await expect(client.fetch('/api/orders')).rejects.toBe(failure)
})

test('can be carried by another function', async () => {
  const { page } = createBrowser(() => Response.json([])).open()
  const carrier = vi.fn<typeof fetch>(async () => Response.json(alice))
  await createClient({ fetch: carrier }, page).session()
  expect(carrier).toHaveBeenCalledOnce()
})
