import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chromium, launchChromium, type Visitor } from '../world/chromium.ts'
import { type DemoWorld, startDemoWorld } from '../world/demo-world.ts'
import { createShop, type Shop } from './pages/shop.ts'
import { signInPage } from './pages/sign-in-page.ts'

const product = 'Stoneware mug'

let world: DemoWorld
let chromium: Chromium
beforeAll(async () => {
  ;[world, chromium] = await Promise.all([startDemoWorld(), launchChromium()])
})
afterAll(async () => {
  await chromium?.close()
  await world?.close()
})

test('signing out ends it all: here, in the other tab, at the API and at the identity server', async () => {
  await using visitor = await chromium.visit()
  const shop = await signedInWithAnOrder(visitor)
  const other = createShop(await visitor.context.newPage(), world.app)
  await other.open('/orders')
  await other.rows.first().waitFor()
  await mark(other.page)

  await shop.page.bringToFront()
  await shop.signOut.click()
  // Faster than any polling would be, and without loading the page again.
  await other.sessionEnded.waitFor({ timeout: 2000 })
  expect(await isMarked(other.page)).toBe(true)
  expect(await other.page.content()).not.toContain(product)

  await shop.signedOut.waitFor()
  expect(shop.page.url()).toBe(`${world.app}/`)
  expect(await shop.call('/api/orders')).toEqual({
    status: 401,
    type: 'urn:sallyport:problem:login_required',
  })
  expect(await visitor.context.cookies(world.app)).toEqual([])

  await shop.page.goBack({ waitUntil: 'commit' })
  await shop.signedOut.waitFor()
  expect(await shop.page.content()).not.toContain(product)

  await shop.signIn.click()
  await signInPage(shop.page).password.waitFor()
  expect(new URL(shop.page.url()).origin).toBe(world.issuer)

  await other.page.bringToFront()
  await other.page.getByRole('button', { name: 'Sign in again' }).click()
  await signInPage(other.page).submit('alice')
  await other.rows.first().waitFor()
  expect(other.page.url()).toBe(`${world.app}/orders`)
  expect(visitor.complaints).toEqual([])
})

test('signing out at the identity server ends the session of the application', async () => {
  await using visitor = await chromium.visit()
  const shop = await signedInWithAnOrder(visitor)
  const elsewhere = await visitor.context.newPage()
  await elsewhere.goto(`${world.issuer}/sign-out`)
  await elsewhere.getByRole('button', { name: 'Sign out' }).click()
  await elsewhere.getByText('You are signed out').waitFor()

  await shop.sessionEnded.waitFor()
  expect(await shop.page.content()).not.toContain(product)
  expect(visitor.complaints).toEqual([])
})

test('a page that comes out of the back/forward cache after a sign-out shows nothing', async () => {
  await using visitor = await chromium.visit()
  const shop = await signedInWithAnOrder(visitor)
  await mark(shop.page)
  await shop.page.evaluate(recordWhatIsShownOnReturn)
  await shop.page.goto(`${world.issuer}/.well-known/openid-configuration`)

  // Not by the application's own sign-out, which tells all its pages: this one must find out.
  const elsewhere = await visitor.context.newPage()
  await elsewhere.goto(world.app)
  await elsewhere.evaluate(() =>
    fetch('/bff/logout', { method: 'POST', headers: { 'x-csrf': '1' } }),
  )
  await elsewhere.close()

  await shop.page.goBack({ waitUntil: 'commit' })
  await shop.sessionEnded.or(shop.signedOut).waitFor()
  expect(await isMarked(shop.page), 'it was kept, not loaded again').toBe(true)
  const shown = await shop.page.evaluate(() => window.shownOnReturn)
  expect(shown?.length).toBeGreaterThan(0)
  expect(shown?.join()).not.toContain(product)
  expect(await shop.page.content()).not.toContain(product)
  expect(visitor.complaints).toEqual([])
})

test('a page that comes out of the back/forward cache goes on when the session does', async () => {
  await using visitor = await chromium.visit()
  const shop = await signedInWithAnOrder(visitor)
  await mark(shop.page)
  await shop.page.goto(`${world.issuer}/.well-known/openid-configuration`)
  await shop.page.goBack({ waitUntil: 'commit' })
  await shop.rows.first().waitFor()
  expect(await isMarked(shop.page)).toBe(true)
  expect(visitor.complaints).toEqual([])
})

test('a sign-out that did not reach the server is not shown as one', async () => {
  await using visitor = await chromium.visit()
  const shop = await signedInWithAnOrder(visitor)
  await visitor.context.setOffline(true)
  await shop.signOut.click()
  const alert = shop.page.getByRole('alert').filter({ hasText: 'You are still signed in' })
  await alert.waitFor()
  await visitor.context.setOffline(false)
  await shop.signOut.click()
  await shop.signedOut.waitFor()
  expect(visitor.complaints).toEqual([])
})

async function signedInWithAnOrder(visitor: Visitor): Promise<Shop> {
  const shop = createShop(await visitor.context.newPage(), world.app)
  await shop.signInTo('/orders')
  await shop.ordersAreShown()
  await shop.placeOrder(product, 1)
  return shop
}

declare global {
  interface Window {
    isMarked?: boolean
    shownOnReturn?: string[]
  }
}

/** Marks a document, to tell it from one that is loaded again. */
async function mark(page: Page): Promise<void> {
  await page.evaluate(() => {
    window.isMarked = true
  })
}

function isMarked(page: Page): Promise<boolean> {
  return page.evaluate(() => window.isMarked === true)
}

/** Runs in the page: from its return on, writes down what each frame can show. */
function recordWhatIsShownOnReturn(): void {
  const shown: string[] = []
  const record = () => {
    shown.push(document.body.innerText)
    if (shown.length < 100) requestAnimationFrame(record)
  }
  window.shownOnReturn = shown
  addEventListener('pageshow', () => requestAnimationFrame(record))
}
