import type { Page } from 'playwright-core'
import { signInPage } from './sign-in-page.ts'

/** One tab with the demo's application in it. */
export interface Shop extends ReturnType<typeof createShop> {}

/** What a row of the orders says. */
export interface ShownOrder {
  product: string | null | undefined
  quantity: number
  stock: number
}

/** The application as a person sees it: by names and roles. */
export function createShop(page: Page, app: string) {
  const rows = page.getByTestId('order')
  const list = page.getByRole('region', { name: 'Your orders' })
  const form = page.getByRole('region', { name: 'Place an order' })
  const shop = {
    page,
    heading: page.getByRole('heading', { level: 1 }),
    /** The button of somebody who is not signed in. */
    signIn: page.getByTestId('sign-in'),
    signOut: page.getByRole('button', { name: 'Sign out' }),
    personName: page.getByTestId('signed-in-name'),
    rows,
    ordersTable: page.getByTestId('orders'),
    noOrders: page.getByTestId('no-orders'),
    listFailure: list.getByTestId('failure'),
    formFailure: form.getByTestId('failure'),
    refresh: page.getByRole('button', { name: 'Refresh' }),
    countdown: page.getByTestId('session-countdown'),
    ownSessions: page.getByTestId('own-session'),
    expiryBar: page.getByTestId('expiry-bar'),
    stay: page.getByRole('button', { name: 'Stay signed in' }),
    signedOut: page.getByTestId('signed-out'),
    sessionEnded: page.getByTestId('session-ended'),

    /** The first button that refunds an order of a product. */
    refund: (product: string) =>
      page.getByRole('button', { name: `Refund the order of ${product}` }).first(),

    open: (path: string) => page.goto(app + path),

    /** Opens a page of the application as somebody who has to sign in for it first. */
    async signInTo(path: string, username = 'alice'): Promise<void> {
      await shop.open(path)
      await shop.signIn.click()
      await signInPage(page).submit(username)
      await shop.personName.waitFor()
    },

    /** Signs in as somebody else, without having signed out. */
    async switchAccountTo(username: string): Promise<void> {
      await page.getByRole('button', { name: 'Switch account' }).click()
      await signInPage(page).submit(username)
      await shop.personName.waitFor()
    },

    /** Waits until the orders are there, be it none. */
    ordersAreShown: () => shop.ordersTable.or(shop.noOrders).waitFor(),

    /** Places an order and waits until the list shows it. */
    async placeOrder(product: string, quantity: number): Promise<void> {
      const before = await rows.count()
      const option = page.getByLabel('Product').getByRole('option').filter({ hasText: product })
      await page.getByLabel('Product').selectOption(await option.getAttribute('value'))
      await page.getByLabel('Quantity').fill(String(quantity))
      await page.getByRole('button', { name: 'Place order' }).click()
      await rows.nth(before).waitFor()
    },

    /** Presses the button of the security page, and waits until all calls have succeeded. */
    async makeTwentyCalls(): Promise<void> {
      await page.getByRole('button', { name: '20 calls at once' }).click()
      await page.getByTestId('burst-result').getByText('20 of 20 succeeded').waitFor()
    },

    async orders(): Promise<ShownOrder[]> {
      const all = await rows.all()
      return Promise.all(
        all.map(async (row) => ({
          // The time of the order is in there too, in an element of its own.
          product: await row.getByRole('rowheader').evaluate((cell) => cell.firstChild?.nodeValue),
          quantity: Number(await row.locator('[data-label="Quantity"]').innerText()),
          stock: Number(await row.getByTestId('order-stock').innerText()),
        })),
      )
    },

    /** What the page's own script would get for a call of an API, as status and problem type. */
    call: (path: string) =>
      page.evaluate(async (target) => {
        const response = await fetch(target, { headers: { 'x-csrf': '1' } })
        const body = response.ok ? {} : await response.json()
        return { status: response.status, type: body.type as string | undefined }
      }, path),
  }
  return shop
}
