// Makes the pictures of the README, of a demo of its own:
// node --conditions=sallyport-source e2e/journeys/pictures.ts
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Chromium, launchChromium } from '../world/chromium.ts'
import { type DemoWorld, startDemoWorld } from '../world/demo-world.ts'
import { createShop, type Shop } from './pages/shop.ts'

const folder = join(import.meta.dirname, '../../docs/images')
/** Of each page, down to where it is of interest. */
const heights = { orders: 640, security: 800 }

const orders = [
  ['Reading chair', 2],
  ['Stoneware mug', 6],
  ['Wool rug', 1],
  ['Desk lamp', 1],
  ['Fountain pen', 3],
] as const

const [world, chromium] = await Promise.all([startDemoWorld(), launchChromium()])
try {
  await placeOrders(world, chromium)
  await mkdir(folder, { recursive: true })
  for (const colorScheme of ['light', 'dark'] as const) {
    await using visitor = await chromium.visit({ colorScheme })
    const shop = createShop(await visitor.context.newPage(), world.app)
    await shop.signInTo('/orders')
    await shop.rows.first().waitFor()
    await take(shop, 'orders', colorScheme)
    await shop.open('/security')
    await shop.makeTwentyCalls()
    await take(shop, 'security', colorScheme)
  }
} finally {
  await chromium.close()
  await world.close()
}

/** As alice, one of them thought better of. */
async function placeOrders({ app }: DemoWorld, { visit }: Chromium): Promise<void> {
  await using visitor = await visit()
  const shop = createShop(await visitor.context.newPage(), app)
  await shop.signInTo('/orders')
  await shop.ordersAreShown()
  for (const [product, quantity] of orders) await shop.placeOrder(product, quantity)
  await shop.page.getByRole('button', { name: /^Cancel the order of Desk lamp/ }).click()
  await shop.page.getByText('cancelled').waitFor()
}

async function take(
  { page }: Shop,
  view: keyof typeof heights,
  colorScheme: string,
): Promise<void> {
  await page.setViewportSize({ width: 1280, height: heights[view] })
  await page.mouse.move(0, 0)
  await page.evaluate(() => document.fonts.ready)
  const path = join(folder, `${view}-${colorScheme}.png`)
  await page.screenshot({ path, animations: 'disabled', caret: 'hide' })
  console.log(path)
}
