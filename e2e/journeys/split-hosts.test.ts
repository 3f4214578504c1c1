import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chromium, launchChromium } from '../world/chromium.ts'
import { eventually } from '../world/eventually.ts'
import { createSubdomainWorld, hostRules, type SubdomainWorld } from '../world/subdomain-world.ts'
import { passwordOf } from '../world/world.ts'
import { signInPage } from './pages/sign-in-page.ts'

let split: SubdomainWorld
let chromium: Chromium
beforeAll(async () => {
  ;[split, chromium] = await Promise.all([createSubdomainWorld(), launchChromium(hostRules)])
})
afterAll(async () => {
  await chromium?.close()
  await split?.close()
})

/** What the page makes of its client. */
interface ShopWindow extends Window {
  client: { fetch(path: string, init?: RequestInit): Promise<Response> }
}
declare const window: ShopWindow

interface Asked {
  method?: string
  body?: string
  headers?: Record<string, string>
}

/** What the page's own client gets to read. */
function ask(page: Page, path: string, init: Asked = {}) {
  return page.evaluate(
    async ([path, init]) => {
      const response = await window.client.fetch(path, init)
      return {
        status: response.status,
        etag: response.headers.get('etag'),
        body: await response.json(),
      }
    },
    [path, init] as const,
  )
}

const statusOf = (page: Page) => () => page.getByRole('status').innerText()

async function signIn(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign in' }).click()
  await signInPage(page).submit('alice', passwordOf('alice'))
  await page.waitForURL((url) => url.origin === split.www)
  await eventually(statusOf(page)).toBe('Alice Archer')
}

test('a page of another subdomain signs in, calls, follows its session, and signs out', async () => {
  const { world, www, bff } = split
  await using visitor = await chromium.visit({ ignoreHTTPSErrors: true })
  const page = await visitor.context.newPage()
  await page.goto(`${www}/orders?page=2#top`)
  await eventually(statusOf(page)).toBe('signed_out')
  const anonymous = await ask(page, '/api/orders')
  expect(anonymous).toMatchObject({ status: 401, body: { code: 'ERR_LOGIN_REQUIRED' } })

  await signIn(page)
  expect(page.url()).toBe(`${www}/orders?page=2#top`)
  const [cookie] = await visitor.context.cookies(bff)
  expect(cookie).toMatchObject({ name: '__Host-Http-bff', domain: 'bff.shop.example' })
  expect(await page.evaluate(() => document.cookie)).toBe('')
  expect(await visitor.context.cookies(www)).toEqual([])
  await eventually(() => page.getByTestId('event').innerText()).toBe('refreshed')

  world.orders.answer = (request, response) => {
    response.writeHead(request.method === 'POST' ? 201 : 200, { etag: '"7"' })
    response.end(JSON.stringify({ method: request.method }))
  }
  expect(await ask(page, '/api/orders')).toEqual({
    ...{ status: 200, etag: '"7"' },
    body: { method: 'GET' },
  })
  const json = { 'content-type': 'application/json', 'if-match': '"7"' }
  const placed = await ask(page, '/api/orders', { method: 'POST', body: '{}', headers: json })
  expect(placed).toMatchObject({ status: 201, body: { method: 'POST' } })
  expect(world.orders.requests.at(-1)?.header('if-match')).toBe('"7"')
  world.orders.answer = (request) => request.socket.destroy()
  expect(await ask(page, '/api/orders')).toMatchObject({ status: 502 })
  world.orders.answer = undefined

  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL(`${www}/`)
  await eventually(statusOf(page)).toBe('signed_out')
  expect((await ask(page, '/api/orders')).status).toBe(401)
  expect(visitor.complaints).toEqual([])
})

test('A132, A137: another subdomain, which is as near, can do nothing with the session', async () => {
  const { world, www, bff, sibling } = split
  await using visitor = await chromium.visit({ ignoreHTTPSErrors: true })
  const page = await visitor.context.newPage()
  await page.goto(www)
  await signIn(page)
  const before = world.orders.requests.length

  const other = await visitor.context.newPage()
  await other.goto(sibling)
  const tries = await other.evaluate(async (bff) => {
    const withCookie = { credentials: 'include' } as const
    const all = [
      fetch(`${bff}/api/orders`, { ...withCookie, headers: { 'x-csrf': '1' } }),
      fetch(`${bff}/bff/user`, { ...withCookie, headers: { 'x-csrf': '1' } }),
      fetch(`${bff}/bff/user`, withCookie),
      fetch(`${bff}/api/orders`, { ...withCookie, method: 'POST', body: 'x' }),
      fetch(`${bff}/bff/logout`, { ...withCookie, method: 'POST', mode: 'no-cors' }),
      fetch(`${bff}/api/orders`, { ...withCookie, mode: 'no-cors' }),
    ]
    return (await Promise.allSettled(all)).map((one) => one.status)
  }, bff)
  expect(new Set(tries)).toEqual(new Set(['rejected']))
  // Those without a preflight got as far as the BFF.
  const refusals = world.logLines.filter((line) => line.includes('malicious_csrf'))
  expect(refusals.length).toBeGreaterThanOrEqual(4)
  for (const method of ['get', 'post']) {
    await other.goto(sibling)
    await other.evaluate(
      ([bff, method]) => {
        const form = document.createElement('form')
        Object.assign(form, { method, action: `${bff}/api/orders` })
        document.body.append(form)
        form.submit()
      },
      [bff, method] as const,
    )
    await other.getByText('ERR_CSRF_REJECTED').waitFor()
  }
  expect(world.orders.requests).toHaveLength(before)
  await page.reload()
  await eventually(statusOf(page)).toBe('Alice Archer')
})
