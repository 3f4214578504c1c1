import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chromium, launchChromium, type Visitor } from '../world/chromium.ts'
import { type DemoWorld, startDemoWorld } from '../world/demo-world.ts'
import { eventually } from '../world/eventually.ts'
import { createShop, type Shop } from './pages/shop.ts'
import { signInPage } from './pages/sign-in-page.ts'

const product = 'Stoneware mug'
const refundPath = '**/api/orders/*/refund'
/** Long enough for an order and its refund, on a slow machine too. */
const refundMaxAge = 20
/** Of the API's guard, and the second that is not over. */
const clockTolerance = 6

let world: DemoWorld
let chromium: Chromium
beforeAll(async () => {
  ;[world, chromium] = await Promise.all([startDemoWorld({ refundMaxAge }), launchChromium()])
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

test('who signed in longer ago signs in again, and gets the money back without another click', async () => {
  await using visitor = await chromium.visit()
  const shop = await signedInWithAnOrder(visitor)
  const isStale = async () => (await ageOfSignIn(shop)) > refundMaxAge + clockTolerance
  await eventually(isStale, 3 * refundMaxAge * 1000).toBe(true)
  await shop.refund(product).click()
  await signInPage(shop.page).submit('alice')
  await shop.rows.first().getByText('refunded').waitFor()
  expect(shop.page.url()).toBe(`${world.app}/orders`)
  expect(await shop.page.evaluate(() => sessionStorage.length)).toBe(0)
  expect(visitor.complaints).toEqual([])
})

test('an API that is never content sends nobody in circles', async () => {
  await using visitor = await chromium.visit()
  const shop = await signedInWithAnOrder(visitor)
  const loginUrl = '/bff/login?acr_values=urn:sallyport:acr:password'
  await shop.page.route(refundPath, (route) => route.fulfill(toStepUp({ loginUrl })))
  let signIns = 0
  shop.page.on('request', (request) => {
    if (request.url().includes('/bff/login')) signIns += 1
  })
  await shop.refund(product).click()
  await shop.listFailure.waitFor()
  expect(signIns).toBe(1)
  expect(shop.page.url()).toBe(`${world.app}/orders`)
  expect(visitor.complaints).toEqual([])
})

test('an answer cannot send anybody elsewhere', async () => {
  await using visitor = await chromium.visit()
  const shop = await signedInWithAnOrder(visitor)
  const loginUrl = `${world.issuer}/bff/login`
  await shop.page.route(refundPath, (route) => route.fulfill(toStepUp({ loginUrl })))
  await shop.refund(product).click()
  await shop.listFailure.waitFor()
  expect(shop.page.url()).toBe(`${world.app}/orders`)
  expect(visitor.complaints).toEqual([])
})

test('a refund that needs a sign-in that nobody offers says what to do', async () => {
  await using visitor = await chromium.visit()
  const shop = await signedInWithAnOrder(visitor)
  await shop.page.route(refundPath, (route) => route.fulfill(toStepUp({})))
  await shop.refund(product).click()
  await shop.listFailure.waitFor()
  expect(await shop.listFailure.innerText()).toContain('Sign out, sign in again')
  expect(await shop.refund(product).isEnabled()).toBe(true)
  expect(shop.page.url()).toBe(`${world.app}/orders`)
  expect(visitor.complaints).toEqual([])
})

function toStepUp(members: object) {
  const body = {
    type: 'urn:sallyport:problem:step_up_required',
    title: 'Sign in again to do this',
    ...{ status: 401, code: 'ERR_STEP_UP_REQUIRED' },
    ...members,
  }
  return { status: 401, contentType: 'application/problem+json', body: JSON.stringify(body) }
}

/** Seconds since the person was asked for a password, as the page knows it. */
function ageOfSignIn({ page }: Shop): Promise<number> {
  return page.evaluate(async () => {
    const response = await fetch('/bff/user?slide=false', { headers: { 'x-csrf': '1' } })
    const claims: { type: string; value: unknown }[] = await response.json()
    const authTime = claims.find(({ type }) => type === 'auth_time')?.value
    return Date.now() / 1000 - Number(authTime)
  })
}

async function signedInWithAnOrder(visitor: Visitor): Promise<Shop> {
  const shop = createShop(await visitor.context.newPage(), world.app)
  await shop.signInTo('/orders')
  await shop.ordersAreShown()
  await shop.placeOrder(product, 1)
  return shop
}
