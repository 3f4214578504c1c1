import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chromium, launchChromium, type Visitor } from '../world/chromium.ts'
import { countStreams } from '../world/count-streams.ts'
import { type DemoWorld, startDemoWorld } from '../world/demo-world.ts'
import { eventually } from '../world/eventually.ts'
import { createShop, type Shop } from './pages/shop.ts'

let world: DemoWorld
let chromium: Chromium
beforeAll(async () => {
  ;[world, chromium] = await Promise.all([startDemoWorld(), launchChromium()])
})
afterAll(async () => {
  await chromium?.close()
  await world?.close()
})

test('tabs share one event stream, and when the tab that holds it is closed another one does', async () => {
  await using visitor = await chromium.visit()
  const streams = countStreams(visitor.context, world)
  const tabs = await openTabs(visitor, 3)
  await eventually(() => streams.given).toBe(1)
  expect(await streams.held()).toBe(1)

  await tabs[0].page.close()
  await eventually(() => streams.given).toBe(2)
  await eventually(() => streams.held()).toBe(1)

  await signOutAtIssuer(visitor)
  for (const { sessionEnded } of tabs.slice(1)) await sessionEnded.waitFor()
  await eventually(() => streams.held()).toBe(0)
  expect(streams.given).toBe(2)
  expect(visitor.complaints).toEqual([])
})

test('a tab that is kept for a return gives the stream to one that is there', async () => {
  await using visitor = await chromium.visit()
  const streams = countStreams(visitor.context, world)
  const [kept, other] = await openTabs(visitor, 2)
  await eventually(() => streams.given).toBe(1)
  await kept.page.goto(`${world.issuer}/.well-known/openid-configuration`)
  await eventually(() => streams.given).toBe(2)
  await eventually(() => streams.held()).toBe(1)

  await signOutAtIssuer(visitor)
  await other.sessionEnded.waitFor()
  await kept.page.goBack({ waitUntil: 'commit' })
  // Word of the end has the browser drop what it kept.
  await kept.sessionEnded.or(kept.signedOut).waitFor()
  expect(visitor.complaints).toEqual([])
})

test('a tab that is told to freeze hands over, and listens when it goes on', async () => {
  await using visitor = await chromium.visit()
  const streams = countStreams(visitor.context, world)
  const [frozen] = await openTabs(visitor, 2)
  await eventually(() => streams.given).toBe(1)
  await frozen.page.evaluate(() => document.dispatchEvent(new Event('freeze')))
  await eventually(() => streams.given).toBe(2)
  await eventually(() => streams.held()).toBe(1)
  await frozen.page.evaluate(() => document.dispatchEvent(new Event('resume')))
  await signOutAtIssuer(visitor)
  await frozen.sessionEnded.waitFor()
  expect(await frozen.sessionEnded.innerText()).toContain('at the identity server')
  expect(visitor.complaints).toEqual([])
})

test('signing out in one tab tells the others at once, and why', async () => {
  await using visitor = await chromium.visit()
  const streams = countStreams(visitor.context, world)
  const [here, there, another] = await openTabs(visitor, 3)
  await eventually(() => streams.given).toBe(1)
  await here.page.bringToFront()
  await here.signOut.click()
  for (const { sessionEnded } of [there, another]) {
    await sessionEnded.waitFor({ timeout: 2000 })
    expect(await sessionEnded.innerText()).toContain('You signed out in another tab')
  }
  await here.signedOut.waitFor()
  await eventually(() => streams.held()).toBe(0)
  expect(streams.given).toBe(1)
  expect(visitor.complaints).toEqual([])
})

test('signing out at the identity server reaches all tabs by itself, and they say why', async () => {
  await using visitor = await chromium.visit()
  const tabs = await openTabs(visitor, 2)
  await signOutAtIssuer(visitor)
  for (const { sessionEnded, page } of tabs) {
    await sessionEnded.waitFor()
    expect(await sessionEnded.innerText()).toContain('You signed out at the identity server.')
    expect(await page.content()).not.toContain('alice@example.com')
  }
  expect(visitor.complaints).toEqual([])
})

test('signing in anew in one tab ends nothing in the others, which follow the new session', async () => {
  await using visitor = await chromium.visit()
  const streams = countStreams(visitor.context, world)
  const [here, there] = await openTabs(visitor, 2)
  await eventually(() => streams.given).toBe(1)
  await here.switchAccountTo('alice')
  // One of the tab that stayed, for the old session; then one for the new.
  await eventually(() => streams.given).toBe(3)
  await eventually(() => streams.held()).toBe(1)
  expect(await there.personName.innerText()).toBe('Alice Archer')

  await signOutAtIssuer(visitor)
  for (const { sessionEnded } of [here, there]) {
    await sessionEnded.waitFor()
    expect(await sessionEnded.innerText()).toContain('You signed out at the identity server.')
  }
  expect(visitor.complaints).toEqual([])
})

test('a server that comes back is listened to again', async () => {
  await using visitor = await chromium.visit()
  const streams = countStreams(visitor.context, world)
  const [shop] = await openTabs(visitor, 1)
  await eventually(() => streams.given).toBe(1)
  await world.demo.services.bff.kill('SIGTERM')
  await world.demo.services.bff.restart()
  await eventually(() => streams.given).toBe(2)
  await signOutAtIssuer(visitor)
  await shop.sessionEnded.waitFor()
  expect(visitor.complaints).toEqual([])
})

type Shops<Count extends number> = Count extends 1
  ? [Shop]
  : Count extends 2
    ? [Shop, Shop]
    : [Shop, Shop, Shop]

/** Tabs of somebody who is signed in, the first of which opened first. */
async function openTabs<Count extends 1 | 2 | 3>(
  visitor: Visitor,
  count: Count,
): Promise<Shops<Count>> {
  const shops: Shop[] = []
  for (let i = 0; i < count; i++) {
    const shop = createShop(await visitor.context.newPage(), world.app)
    if (i === 0) await shop.signInTo('/security')
    else await shop.open('/security')
    await shop.personName.waitFor()
    shops.push(shop)
  }
  return shops as Shops<Count>
}

async function signOutAtIssuer({ context }: Visitor): Promise<void> {
  const elsewhere = await context.newPage()
  await elsewhere.goto(`${world.issuer}/sign-out`)
  await elsewhere.getByRole('button', { name: 'Sign out' }).click()
  await elsewhere.getByText('You are signed out').waitFor()
  await elsewhere.close()
}
