import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBrowser } from '../world/browser.ts'
import { type Chromium, launchChromium, type Visitor } from '../world/chromium.ts'
import { type DemoWorld, startDemoWorld } from '../world/demo-world.ts'
import { createShop } from './pages/shop.ts'
import { signInPage } from './pages/sign-in-page.ts'

const session = '__Host-Http-bff'

let world: DemoWorld
let chromium: Chromium
let otherSite: Server
beforeAll(async () => {
  ;[world, chromium] = await Promise.all([startDemoWorld(), launchChromium()])
})
afterAll(async () => {
  otherSite?.close()
  otherSite?.closeAllConnections()
  await chromium?.close()
  await world?.close()
})

/** The address of a page of another site on this machine, since `localhost` is the demo's. */
async function elsewhere(html: string): Promise<string> {
  otherSite?.close()
  otherSite = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end(html)
  })
  otherSite.listen({ host: '127.0.0.1', port: 0 })
  await once(otherSite, 'listening')
  return `http://127.0.0.1:${(otherSite.address() as AddressInfo).port}/`
}

/** What a page hears from a hidden frame of its own. */
function signInSilently(page: Page, app = ''): Promise<{ data: unknown; origin: string }> {
  return page.evaluate(async (src) => {
    const frame = document.createElement('iframe')
    frame.hidden = true
    frame.src = src
    const heard = new Promise<{ data: unknown; origin: string }>((resolve) => {
      addEventListener('message', ({ data, origin, source }) => {
        if (source === frame.contentWindow) resolve({ data, origin })
      })
    })
    document.body.append(frame)
    return heard.finally(() => frame.remove())
  }, `${app}/bff/silent-login`)
}

const answer = (isLoggedIn: boolean) => ({
  data: { source: 'bff-silent-login', isLoggedIn },
  origin: world.app,
})
const callUser = (page: Page) =>
  page.evaluate(async () => (await fetch('/bff/user', { headers: { 'x-csrf': '1' } })).status)
const cookieNames = async ({ context }: Visitor) =>
  (await context.cookies(world.app)).map(({ name }) => name)

test('a hidden frame signs in who is known at the issuer, and nobody who signed out', async () => {
  await using visitor = await chromium.visit()
  const page = await visitor.context.newPage()
  const shop = createShop(page, world.app)
  await shop.open('/orders')
  await shop.signIn.waitFor()
  expect(await signInSilently(page)).toEqual(answer(false))
  expect(await cookieNames(visitor)).toEqual([])

  await shop.signIn.click()
  await signInPage(page).submit('alice')
  await shop.personName.waitFor()
  expect(await signInSilently(page)).toEqual(answer(true))

  // The session is lost; the issuer still knows who it is.
  await visitor.context.clearCookies({ name: session })
  await page.reload()
  await shop.signIn.waitFor()
  expect(await callUser(page)).toBe(401)
  expect(await signInSilently(page)).toEqual(answer(true))
  expect(await callUser(page)).toBe(200)
  expect((await cookieNames(visitor)).filter((name) => name.includes('.tx.'))).toEqual([])
  await page.reload()
  await shop.personName.waitFor()

  await shop.signOut.click()
  await shop.signedOut.waitFor()
  expect(await signInSilently(page)).toEqual(answer(false))
  expect(visitor.complaints).toEqual([])
})

test('A145, A146: a page of another origin frames nothing, and hears nothing', async () => {
  await using visitor = await chromium.visit()
  const page = await visitor.context.newPage()
  await createShop(page, world.app).signInTo('/orders')
  const evil = await visitor.context.newPage()
  await evil.goto(await elsewhere('<!doctype html><title>evil</title>'))
  await evil.evaluate(() => {
    const heard: unknown[] = []
    Object.assign(window, { heard })
    addEventListener('message', ({ data }) => heard.push(data))
  })
  for (const path of ['/bff/silent-login', '/bff/login', '/bff/callback?code=x&state=y']) {
    const refused = evil.waitForResponse(world.app + path)
    await evil.evaluate((src) => {
      const frame = document.createElement('iframe')
      frame.src = src
      document.body.append(frame)
      return new Promise((resolve) => frame.addEventListener('load', resolve))
    }, world.app + path)
    expect((await refused).status(), path).toBeGreaterThanOrEqual(400)
  }
  expect(await evil.evaluate(() => (window as unknown as { heard: unknown[] }).heard)).toEqual([])
})

test('A009: a sign-in that another site sends back ends the session that was there', async () => {
  await using visitor = await chromium.visit()
  const page = await visitor.context.newPage()
  const shop = createShop(page, world.app)
  await shop.signInTo('/orders')
  const idOf = async () =>
    (await visitor.context.cookies(world.app)).find(({ name }) => name === session)?.value
  const before = await idOf()

  // The issuer of the demo is of the same site: here its answer comes from another one.
  await page.goto(`${world.app}/bff/login?prompt=login&returnUrl=/security`)
  await signInPage(page).password.waitFor()
  const issuer = createBrowser()
  for (const { name, value } of await visitor.context.cookies()) {
    if (!name.startsWith(session)) issuer.cookies.set(name, value)
  }
  const form = await issuer.navigate(page.url())
  const { visited } = await issuer.submit(form, { username: 'alice', password: 'alice' })
  const callback = visited.find((url) => url.includes('/bff/callback?')) ?? ''
  expect(callback).toContain('code=')
  await page.goto(await elsewhere(`<a href="${callback.replaceAll('&', '&amp;')}">back</a>`))
  const first = page.waitForRequest((request) => request.url() === callback)
  const second = page.waitForRequest((request) => request.url() === `${callback}&once-more=1`)
  await page.getByRole('link', { name: 'back' }).click()
  const headersOf = async (request: Awaited<typeof first>) => {
    const { cookie = '', 'sec-fetch-site': site } = await request.allHeaders()
    return { site, hasSession: cookie.includes(`${session}=${before}`) }
  }
  expect(await headersOf(await first)).toEqual({ site: 'cross-site', hasSession: false })
  expect(await headersOf(await second)).toEqual({ site: 'same-origin', hasSession: true })
  await page.waitForURL(`${world.app}/security`)
  await shop.personName.waitFor()
  expect(await idOf()).not.toBe(before)

  const old = createBrowser()
  old.cookies.set(session, String(before))
  expect((await old.call(`${world.app}/bff/user`)).status).toBe(401)
})
