import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chromium, launchChromium } from '../world/chromium.ts'
import { type DemoWorld, type LogLine, startDemoWorld } from '../world/demo-world.ts'
import { eventually } from '../world/eventually.ts'
import { createShop } from './pages/shop.ts'

/** Long enough that one renewal serves all calls, however slow the machine. */
const accessToken = 8

let world: DemoWorld
let chromium: Chromium
beforeAll(async () => {
  ;[world, chromium] = await Promise.all([startDemoWorld({ accessToken }), launchChromium()])
})
afterAll(async () => {
  await chromium?.close()
  await world?.close()
})

test('20 calls with an access token that has run out: one renewal, and all succeed', async () => {
  await using visitor = await chromium.visit()
  const shop = createShop(await visitor.context.newPage(), world.app)
  await shop.signInTo('/security')
  expect(await renewals()).toHaveLength(0)

  const [signedIn] = await issued('authorization_code')
  const endsMs = Date.parse(String(signedIn?.time)) + accessToken * 1000
  await eventually(() => Date.now()).toBeGreaterThan(endsMs)

  await shop.makeTwentyCalls()
  expect(await renewals()).toHaveLength(1)

  // And the tokens of the renewal are good for the next call.
  await shop.page.getByRole('link', { name: 'Orders', exact: true }).click()
  await shop.noOrders.waitFor()
  expect(visitor.complaints).toEqual([])
})

/** Renewals of the orders API's token that the identity server made. */
async function renewals(): Promise<LogLine[]> {
  const lines = await issued('refresh_token')
  return lines.filter(({ resource }) => resource === world.settings.publicUrls.orders)
}

async function issued(grantType: string): Promise<LogLine[]> {
  const lines = await world.logOf('identity')
  return lines.filter(
    ({ event, grant_type }) => event === 'authn_token_created' && grant_type === grantType,
  )
}
