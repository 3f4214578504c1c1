import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Chromium, launchChromium, type Visitor } from '../world/chromium.ts'
import { type DemoWorld, startDemoWorld } from '../world/demo-world.ts'
import { eventually } from '../world/eventually.ts'
import { createShop, type Shop } from './pages/shop.ts'
import { signInPage } from './pages/sign-in-page.ts'

/**
 * Long enough to do something while it lasts, on a slow machine too. The orders API drops its own
 * tokens 10 seconds before their end.
 */
const accessToken = 18

let world: DemoWorld
let chromium: Chromium
let visitor: Visitor
let shop: Shop
beforeAll(async () => {
  ;[world, chromium] = await Promise.all([startDemoWorld({ accessToken }), launchChromium()])
  visitor = await chromium.visit()
  shop = createShop(await visitor.context.newPage(), world.app)
  await shop.signInTo('/orders')
  await shop.ordersAreShown()
  await shop.placeOrder('Stoneware mug', 1)
})
afterAll(async () => {
  await chromium?.close()
  await world?.close()
})
beforeEach(async () => {
  // The identity server asks her nothing, yet gives new tokens, for a new session.
  await shop.open('/bff/login?returnUrl=/orders&max_age=3600')
  await shop.rows.first().waitFor()
})

test('identity server killed: calls go on while tokens last, then a clear error; back, all goes on', async () => {
  const { identity } = world.demo.services
  const bffPid = world.demo.services.bff.pid
  await identity.kill('SIGKILL')
  await shop.refresh.click()
  await eventually(() => shop.refresh.isEnabled()).toBe(true)
  expect(await shop.listFailure.allInnerTexts()).toEqual([])
  expect(await shop.rows.count()).toBeGreaterThan(0)

  await eventually(refreshUntilItFails, 2 * accessToken * 1000).toBe(true)
  expect(await shop.listFailure.innerText()).toContain('You are still signed in.')
  expect(await shop.listFailure.innerText()).toContain('ERR_IDP_UNAVAILABLE')
  expect(await shop.call('/api/orders')).toEqual({
    status: 503,
    type: 'urn:sallyport:problem:idp_unavailable',
  })
  expect(await shop.personName.innerText()).toBe('Alice Archer')

  await identity.restart()
  await tryAgainUntilItWorks()
  expect(world.demo.services.bff.pid).toBe(bffPid)
  expect(visitor.complaints).toEqual([])
})

test('a BFF that starts without the identity server explains it, and recovers by itself', async () => {
  const { bff, identity } = world.demo.services
  await Promise.all([bff.kill('SIGKILL'), identity.kill('SIGKILL')])
  await bff.restart()
  await using newcomer = await chromium.visit()
  const theirs = createShop(await newcomer.context.newPage(), world.app)
  await theirs.open('/orders')
  await theirs.signIn.click()
  await theirs.page.getByText('ERR_IDP_UNAVAILABLE').waitFor()
  expect(await theirs.heading.innerText()).toBe('The identity server cannot be reached')
  expect(await theirs.page.getByText('Those who are signed in can go on').count()).toBe(1)

  await identity.restart()
  await theirs.page.getByRole('link', { name: 'Try again' }).click()
  await signInPage(theirs.page).submit('bob')
  await theirs.noOrders.waitFor()
  expect(theirs.page.url()).toBe(`${world.app}/orders`)
  expect([...visitor.complaints, ...newcomer.complaints]).toEqual([])
})

test('BFF killed: the page says that nobody answers; back, the session is still there', async () => {
  const { bff } = world.demo.services
  const { length: before } = await shop.rows.all()
  await bff.kill('SIGKILL')
  await shop.refresh.click()
  await shop.listFailure.waitFor()
  expect(await shop.listFailure.innerText()).toContain('No answer from the server')
  expect(await shop.personName.innerText()).toBe('Alice Archer')

  await bff.restart()
  await tryAgainUntilItWorks()
  await shop.page.reload()
  await shop.rows.first().waitFor()
  expect(await shop.rows.count()).toBe(before)
  expect(visitor.complaints).toEqual([])
})

test('BFF gone when the page asks who is signed in: it says that it cannot tell, and recovers', async () => {
  const { page } = shop
  await page.route('**/bff/user*', (route) => route.abort('connectionrefused'))
  await page.reload()
  const notice = page.getByTestId('session-unknown')
  await notice.waitFor()
  expect(await page.content()).not.toContain('Stoneware mug')
  await page.unroute('**/bff/user*')
  await notice.getByRole('button', { name: 'Try again' }).click()
  await shop.rows.first().waitFor()
  expect(visitor.complaints).toEqual([])
})

test.each([
  { name: 'orders', says: 'Check that the API runs', code: 'ERR_UPSTREAM_UNREACHABLE' },
  { name: 'inventory', says: 'Nothing was ordered or changed', code: 'INVENTORY_UNAVAILABLE' },
] as const)('$name API killed: a clear error; back, all goes on', async ({ name, says, code }) => {
  const service = world.demo.services[name]
  await service.kill('SIGKILL')
  await shop.refresh.click()
  await shop.listFailure.waitFor()
  expect(await shop.listFailure.innerText()).toContain(says)
  expect(await shop.listFailure.innerText()).toContain(code)
  expect(await shop.listFailure.getByTestId('trace-id').innerText()).toMatch(/^[0-9a-f]{32}$/)

  await service.restart()
  await tryAgainUntilItWorks()
  await shop.placeOrder('Stoneware mug', 1)
  expect(visitor.complaints).toEqual([])
})

async function refreshUntilItFails(): Promise<boolean> {
  await shop.refresh.click()
  return shop.listFailure.isVisible()
}

async function tryAgainUntilItWorks(): Promise<void> {
  const { page, ordersTable } = shop
  const retry = page.getByRole('button', { name: 'Try again' }).first()
  await eventually(async () => {
    // That it is gone by now is what this is about.
    await retry.click({ timeout: 500 }).catch(() => undefined)
    return (await retry.isHidden()) && (await ordersTable.isVisible())
  }).toBe(true)
}
