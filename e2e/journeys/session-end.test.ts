import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chromium, launchChromium } from '../world/chromium.ts'
import { type DemoWorld, startDemoWorld } from '../world/demo-world.ts'
import { eventually } from '../world/eventually.ts'
import { createShop } from './pages/shop.ts'
import { signInPage } from './pages/sign-in-page.ts'

const sessionIdle = 6

let world: DemoWorld
let chromium: Chromium
beforeAll(async () => {
  ;[world, chromium] = await Promise.all([startDemoWorld({ sessionIdle }), launchChromium()])
})
afterAll(async () => {
  await chromium?.close()
  await world?.close()
})

test('a session that runs out says so by itself, and signs in again to the same page', async () => {
  await using visitor = await chromium.visit()
  const page = await visitor.context.newPage()
  const shop = createShop(page, world.app)
  await shop.signInTo('/security?here')
  expect(await shop.countdown.innerText()).toMatch(/^0:0[1-6]$/)

  await shop.sessionEnded.waitFor({ timeout: 3 * sessionIdle * 1000 })
  expect(await shop.heading.innerText()).toBe('Your session ended')
  expect(await shop.sessionEnded.innerText()).toContain('It ran out')
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1')
  expect(await page.content()).not.toContain('alice@example.com')
  expect(page.url()).toBe(`${world.app}/security?here`)

  // The identity server's own session goes on: it asks for nothing, and the page is not left.
  await page.evaluate(() => Object.assign(window, { isMarked: true }))
  await page.getByRole('button', { name: 'Sign in again' }).click()
  await shop.personName.waitFor()
  expect(page.url()).toBe(`${world.app}/security?here`)
  expect(await page.evaluate(() => ['isMarked' in window, window.length])).toEqual([true, 0])
  expect(await signInPage(page).password.count()).toBe(0)
  expect(visitor.complaints).toEqual([])
})

test('what is asked of the server puts the end off', async () => {
  await using visitor = await chromium.visit()
  const page = await visitor.context.newPage()
  const shop = createShop(page, world.app)
  await shop.signInTo('/orders')
  const secondsLeft = async () => Number((await shop.countdown.innerText()).split(':')[1])
  await eventually(secondsLeft).toBeLessThan(sessionIdle - 2)
  await shop.ordersAreShown()
  await shop.placeOrder('Stoneware mug', 1)
  await eventually(secondsLeft).toBeGreaterThan(sessionIdle - 3)
  expect(visitor.complaints).toEqual([])
})
