import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chromium, launchChromium } from '../world/chromium.ts'
import { type DemoWorld, startDemoWorld } from '../world/demo-world.ts'
import { eventually } from '../world/eventually.ts'
import { createShop } from './pages/shop.ts'

/** Of which the gateway announces the last fifth. */
const sessionIdle = 30

let world: DemoWorld
let chromium: Chromium
beforeAll(async () => {
  ;[world, chromium] = await Promise.all([startDemoWorld({ sessionIdle }), launchChromium()])
})
afterAll(async () => {
  await chromium?.close()
  await world?.close()
})

test('all tabs say that the session ends soon, and one click in one of them keeps it alive', async () => {
  await using visitor = await chromium.visit()
  const here = createShop(await visitor.context.newPage(), world.app)
  await here.signInTo('/security')
  const there = createShop(await visitor.context.newPage(), world.app)
  await there.open('/orders')
  await there.ordersAreShown()
  const secondsLeft = async () => Number((await there.countdown.innerText()).split(':')[1])

  await Promise.all([here, there].map(({ expiryBar }) => expiryBar.waitFor({ timeout: 40_000 })))
  expect(await secondsLeft()).toBeLessThanOrEqual(sessionIdle / 5 + 1)
  expect(await there.expiryBar.getByRole('alert').innerText()).toContain('ends soon')
  await here.stay.click()
  await Promise.all([here, there].map(({ expiryBar }) => expiryBar.waitFor({ state: 'hidden' })))
  await eventually(secondsLeft).toBeGreaterThan(sessionIdle / 2)
  for (const { personName } of [here, there]) expect(await personName.isVisible()).toBe(true)
  expect(visitor.complaints).toEqual([])
})
