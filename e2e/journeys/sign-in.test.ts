import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chromium, launchChromium } from '../world/chromium.ts'
import { type DemoWorld, startDemoWorld } from '../world/demo-world.ts'
import { eventually } from '../world/eventually.ts'
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

test('by keyboard alone: sign in, come back to the page that was wanted, order something', async () => {
  await using visitor = await chromium.visit()
  const page = await visitor.context.newPage()
  const { keyboard } = page
  const shop = createShop(page, world.app)
  const focused = () => page.evaluate(() => document.activeElement?.textContent)

  await shop.open('/security?from=a-letter#browser-title')
  await shop.signIn.waitFor()
  await eventually(() => page.getByRole('status').innerText()).toContain('Security')
  await keyboard.press('Tab')
  expect(await focused()).toBe('Sign in')
  await keyboard.press('Enter')

  // The identity server puts the focus where one writes.
  await signInPage(page).username.waitFor()
  expect(new URL(page.url()).origin).toBe(world.issuer)
  await keyboard.type('alice')
  await keyboard.press('Tab')
  await keyboard.type('alice')
  await keyboard.press('Enter')

  await shop.personName.waitFor()
  expect(page.url()).toBe(`${world.app}/security?from=a-letter#browser-title`)
  expect(await shop.heading.innerText()).toBe('Security')
  expect(await shop.personName.innerText()).toBe('Alice Archer')
  const claims = page.getByTestId('claims')
  expect(await claims.innerText()).toContain('alice@example.com')

  await page.getByRole('link', { name: 'Orders', exact: true }).press('Enter')
  await shop.noOrders.waitFor()
  await page.getByLabel('Product').focus()
  await keyboard.type('Wool')
  await keyboard.press('Tab')
  await keyboard.press('ControlOrMeta+A')
  await keyboard.type('2')
  expect(await page.getByTestId('order-total').innerText()).toBe('€438.00')
  await keyboard.press('Enter')
  await shop.rows.first().waitFor()
  expect(await shop.orders()).toEqual([
    { product: 'Wool rug, 120 x 180 cm', quantity: 2, stock: 1 },
  ])
  expect(await page.getByTestId('placed').innerText()).toBe('Ordered 2 × Wool rug, 120 x 180 cm.')
  await eventually(() => page.getByText('1 in stock').count()).toBe(1)

  await page.reload()
  await shop.rows.first().waitFor()
  expect(await shop.orders()).toHaveLength(1)
  expect(page.url()).toBe(`${world.app}/orders`)
  expect(visitor.complaints).toEqual([])
})

test('bob sees the stock that alice left, and none of her orders', async () => {
  await using alice = await chromium.visit()
  const hers = createShop(await alice.context.newPage(), world.app)
  await hers.signInTo('/orders')
  await hers.ordersAreShown()
  const herCount = await hers.rows.count()
  await hers.placeOrder('Reading chair', 2)
  expect(await hers.rows.count()).toBe(herCount + 1)

  await using bob = await chromium.visit()
  const page = await bob.context.newPage()
  const his = createShop(page, world.app)
  await his.signInTo('/orders', 'bob')
  await his.noOrders.waitFor()
  expect(await his.personName.innerText()).toBe('Bob Baker')
  await his.placeOrder('Reading chair', 1)
  expect(await his.orders()).toEqual([{ product: 'Reading chair, oak', quantity: 1, stock: 3 }])
  expect([...alice.complaints, ...bob.complaints]).toEqual([])
})

test('two tabs that sign in at the same time are both signed in after it', async () => {
  await using visitor = await chromium.visit()
  const first = createShop(await visitor.context.newPage(), world.app)
  const second = createShop(await visitor.context.newPage(), world.app)
  for (const shop of [first, second]) {
    await shop.open('/orders')
    await shop.signIn.click()
    await signInPage(shop.page).password.waitFor()
  }
  await first.page.bringToFront()
  await signInPage(first.page).submit('bob')
  await first.ordersAreShown()

  await second.page.bringToFront()
  // Its sign-in replaces the session under the first tab.
  await signInPage(second.page).submit('bob')
  await second.ordersAreShown()
  await second.placeOrder('Notebook', 1)
  await first.page.bringToFront()
  await first.refresh.click()
  await first.rows.filter({ hasText: 'Notebook' }).waitFor()
  await first.placeOrder('Notebook', 1)
  expect(visitor.complaints).toEqual([])
})

test('an order that is cancelled gives its pieces back', async () => {
  await using visitor = await chromium.visit()
  const page = await visitor.context.newPage()
  const shop = createShop(page, world.app)
  await shop.signInTo('/orders', 'bob')
  await shop.ordersAreShown()
  await shop.placeOrder('Wall clock', 4)
  const clock = shop.rows.filter({ hasText: 'Wall clock' })
  expect(await clock.getByTestId('order-stock').innerText()).toBe('5')
  await clock.getByRole('button', { name: 'Cancel the order of Wall clock, quiet' }).click()
  await clock.getByText('cancelled').waitFor()
  // The pieces go back behind the answer: nobody waits for the inventory.
  await eventually(async () => {
    await shop.refresh.click()
    return clock.getByTestId('order-stock').innerText()
  }).toBe('9')
  expect(visitor.complaints).toEqual([])
})

test('more than there is cannot be ordered, and the page says so', async () => {
  await using visitor = await chromium.visit()
  const page = await visitor.context.newPage()
  const shop = createShop(page, world.app)
  await shop.signInTo('/orders', 'bob')
  await shop.ordersAreShown()
  const before = await shop.orders()
  await page.getByLabel('Product').selectOption('PRINT-08')
  await page.getByLabel('Quantity').fill('2')
  await page.getByRole('button', { name: 'Place order' }).click()
  await shop.formFailure.waitFor()
  expect(await shop.formFailure.innerText()).toContain('Order fewer, or something else.')
  expect(await shop.formFailure.getByTestId('trace-id').innerText()).toMatch(/^[0-9a-f]{32}$/)
  expect(await shop.orders()).toEqual(before)
  expect(visitor.complaints).toEqual([])
})

test('without JavaScript: a wrong password, the right one, and the way out', async () => {
  await using visitor = await chromium.visit({ javaScriptEnabled: false })
  const page = await visitor.context.newPage()
  const form = signInPage(page)
  const heading = page.getByRole('heading', { level: 1 })
  const cookies = async () => (await visitor.context.cookies(world.app)).map(({ name }) => name)

  await page.goto(`${world.app}/bff/login?returnUrl=/orders`)
  await form.submit('alice', 'not-her-password')
  await form.problem.waitFor()
  expect(await form.problem.innerText()).toContain('incorrect')
  expect(await form.username.inputValue()).toBe('alice')
  expect(await form.password.inputValue()).toBe('')
  expect(await form.password.getAttribute('aria-invalid')).toBe('true')
  expect(await cookies()).not.toContain('__Host-Http-bff')

  await form.submit('alice')
  await page.waitForURL(`${world.app}/orders`)
  expect(await cookies()).toContain('__Host-Http-bff')
  await page.locator('noscript').waitFor()

  await page.goto(`${world.issuer}/sign-out`)
  expect(await heading.innerText()).toBe('Sign out?')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByText('You are signed out').waitFor()

  await page.goto(`${world.app}/bff/login`)
  await form.password.waitFor()
  expect(visitor.complaints).toEqual([])
})

test('without JavaScript: a sign-in can be given up, and is explained', async () => {
  await using visitor = await chromium.visit({ javaScriptEnabled: false })
  const page = await visitor.context.newPage()
  await page.goto(`${world.app}/bff/login?returnUrl=/orders`)
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.getByText('ERR_LOGIN_DENIED').waitFor()
  expect(new URL(page.url()).origin).toBe(world.app)
  await page.getByRole('link', { name: 'Sign in again' }).click()
  await signInPage(page).submit('bob')
  await page.waitForURL(`${world.app}/orders`)
  expect(visitor.complaints).toEqual([])
})
