import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chromium, launchChromium } from '../world/chromium.ts'
import { type DemoWorld, startDemoWorld } from '../world/demo-world.ts'
import { findLayoutFaults, tabThrough } from '../world/layout.ts'
import { createShop } from './pages/shop.ts'
import { signInPage } from './pages/sign-in-page.ts'

let world: DemoWorld
let chromium: Chromium
beforeAll(async () => {
  ;[world, chromium] = await Promise.all([startDemoWorld(), launchChromium()])
})
afterAll(async () => {
  await chromium?.close()
  await world?.close()
})

const widths = [390, 1280]
const colorSchemes = ['light', 'dark'] as const

test('every page is built well and fits, in light and dark, at 390 and 1280 pixels', async () => {
  await using visitor = await chromium.visit()
  const page = await visitor.context.newPage()
  const faults: string[] = []
  const names: string[] = []
  await walk(page, async (name) => {
    names.push(name)
    for (const colorScheme of colorSchemes) {
      await page.emulateMedia({ colorScheme })
      for (const width of widths) {
        await page.setViewportSize({ width, height: 800 })
        const found = await findLayoutFaults(page)
        const isRight = (await isDark(page)) === (colorScheme === 'dark')
        if (!isRight) found.push('wrong colours')
        faults.push(...found.map((fault) => `${name}, ${colorScheme}, ${width}: ${fault}`))
      }
    }
  })
  expect(faults).toEqual([])
  expect(names).toHaveLength(12)
  expect(visitor.complaints).toEqual([])
})

test('the Tab key goes through a page as one reads it, and its place is always seen', async () => {
  await using visitor = await chromium.visit()
  const page = await visitor.context.newPage()
  const shop = createShop(page, world.app)
  await shop.open('/orders')
  await shop.signIn.waitFor()
  expect(await tabThrough(page)).toEqual(['Sign in'])
  await shop.signIn.click()
  await signInPage(page).password.waitFor()
  expect(await tabThrough(page)).toEqual(['User name', 'Password', 'Sign in', 'Cancel'])
  await signInPage(page).submit('bob')
  await shop.ordersAreShown()
  await shop.placeOrder('Fountain pen', 1)
  await page.reload()
  await shop.rows.first().waitFor()
  expect(await tabThrough(page)).toEqual([
    'Skip to content',
    'Sallyport Demo',
    'Orders',
    'Security',
    'Sign out',
    'Refresh',
    'Refund the order of Fountain pen, fine nib',
    'Cancel the order of Fountain pen, fine nib',
    ...['Refund the order of ', 'Cancel the order of '].map((start) =>
      expect.stringMatching(`^${start}Notebook`),
    ),
    'Product',
    'Quantity',
    'Place order',
  ])
  await page.reload()
  await shop.rows.first().waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('main')
  expect(visitor.complaints).toEqual([])
})

/** Comes to every page there is, and to each of their states. */
async function walk(page: Page, look: (name: string) => Promise<void>): Promise<void> {
  const shop = createShop(page, world.app)
  const heading = (name: string) => page.getByRole('heading', { level: 1, name })
  await shop.open('/orders')
  await shop.signedOut.waitFor()
  await look('signed out')
  await shop.open('/bff/callback?state=x&code=y')
  await page.getByText('ERR_CALLBACK_REJECTED').waitFor()
  await look('error of the gateway')
  await shop.open('/bff/login?returnUrl=/orders')
  await signInPage(page).submit('bob', 'wrong')
  await signInPage(page).problem.waitFor()
  await look('sign-in with a problem')
  await signInPage(page).submit('bob')
  await shop.ordersAreShown()
  await look('orders, at first')
  await page.getByLabel('Product').selectOption('PRINT-08')
  await page.getByLabel('Quantity').fill('2')
  await page.getByRole('button', { name: 'Place order' }).click()
  await shop.formFailure.waitFor()
  await look('orders, with a failure')
  await shop.placeOrder('Notebook', 12)
  await look('orders')
  await page.getByRole('link', { name: 'Security', exact: true }).click()
  await shop.makeTwentyCalls()
  await look('security')
  await shop.open('/no/such/page')
  await page.getByTestId('not-found').waitFor()
  await look('no such page')

  await page.route('**/bff/user*', (route) => route.abort('connectionrefused'))
  await shop.open('/orders')
  await page.getByTestId('session-unknown').waitFor()
  await look('session unknown')
  await page.unroute('**/bff/user*')
  await shop.open('/orders')
  await shop.ordersAreShown()
  await page.evaluate(() => fetch('/bff/logout', { method: 'POST', headers: { 'x-csrf': '1' } }))
  await shop.sessionEnded.waitFor()
  await look('session ended')
  await page.goto(`${world.issuer}/sign-out`)
  await heading('Sign out?').waitFor()
  await look('sign-out')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await heading('You are signed out').waitFor()
  await look('signed out at the identity server')
}

/** Whether the page's ground is dark, and what is written on it is not. */
function isDark(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const lightness = (color: string) => {
      const canvas = new OffscreenCanvas(1, 1).getContext('2d') as OffscreenCanvasRenderingContext2D
      canvas.fillStyle = color
      canvas.fillRect(0, 0, 1, 1)
      const [red = 0, green = 0, blue = 0] = canvas.getImageData(0, 0, 1, 1).data
      return red + green + blue
    }
    const { backgroundColor, color } = getComputedStyle(document.body)
    return lightness(backgroundColor) < lightness(color)
  })
}
