import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chromium, launchChromium, type Visitor } from '../world/chromium.ts'
import { type DemoWorld, startDemoWorld } from '../world/demo-world.ts'
import { createShop, type Shop } from './pages/shop.ts'

const product = 'Stoneware mug'
const refundPath = '**/api/orders/*/refund'

let world: DemoWorld
let chromium: Chromium
beforeAll(async () => {
  ;[world, chromium] = await Promise.all([startDemoWorld(), launchChromium()])
})
afterAll(async () => {
  await chromium?.close()
  await world?.close()
})

test('who signed in a moment ago gets the money back at once', async () => {
  await using visitor = await chromium.visit()
  const shop = await signedInWithAnOrder(visitor)
  await shop.refund(product).click()
  await shop.rows.first().getByText('refunded').waitFor()
  expect(await shop.refund(product).count()).toBe(0)
  expect(visitor.complaints).toEqual([])
})

test('a refund that needs a sign-in that nobody offers says what to do', async () => {
  await using visitor = await chromium.visit()
  const shop = await signedInWithAnOrder(visitor)
  await shop.page.route(refundPath, (route) =>
    route.fulfill({
      status: 401,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        type: 'urn:sallyport:problem:step_up_required',
        title: 'Sign in again to do this',
        ...{ status: 401, code: 'ERR_STEP_UP_REQUIRED' },
      }),
    }),
  )
  await shop.refund(product).click()
  await shop.listFailure.waitFor()
  expect(await shop.listFailure.innerText()).toContain('Sign out, sign in again')
  expect(await shop.refund(product).isEnabled()).toBe(true)
  expect(shop.page.url()).toBe(`${world.app}/orders`)
  expect(visitor.complaints).toEqual([])
})

async function signedInWithAnOrder(visitor: Visitor): Promise<Shop> {
  const shop = createShop(await visitor.context.newPage(), world.app)
  await shop.signInTo('/orders')
  await shop.ordersAreShown()
  await shop.placeOrder(product, 1)
  return shop
}
