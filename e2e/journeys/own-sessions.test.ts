import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chromium, launchChromium, type Visitor } from '../world/chromium.ts'
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

test('a person sees where they are signed in, and ends what they do not recognise', async () => {
  await using laptop = await chromium.visit()
  await using phone = await chromium.visit()
  await using library = await chromium.visit()
  const [here, there, elsewhere] = await Promise.all([laptop, phone, library].map(signIn))
  if (!here || !there || !elsewhere) throw new Error('three of them')
  await here.page.reload()
  await eventually(() => here.ownSessions.count()).toBe(3)
  expect(await here.ownSessions.filter({ hasText: 'This one' }).count()).toBe(1)
  expect(await here.ownSessions.first().innerText()).toContain('Chrom')

  await here.page
    .getByRole('button', { name: /^End the session of/ })
    .first()
    .click()
  await eventually(() => here.ownSessions.count()).toBe(2)
  await Promise.any([there, elsewhere].map(({ sessionEnded }) => sessionEnded.waitFor()))
  expect(await here.personName.innerText()).toBe('Alice Archer')

  await here.page.getByRole('button', { name: 'End all others' }).click()
  await eventually(() => here.ownSessions.count()).toBe(1)
  for (const { sessionEnded } of [there, elsewhere]) {
    await sessionEnded.waitFor()
    expect(await sessionEnded.innerText()).toContain('It was ended from elsewhere')
  }
  expect(await here.page.getByRole('button', { name: 'End all others' }).count()).toBe(0)
  expect([...laptop.complaints, ...phone.complaints, ...library.complaints]).toEqual([])
})

async function signIn({ context }: Visitor): Promise<Shop> {
  const shop = createShop(await context.newPage(), world.app)
  await shop.signInTo('/security')
  return shop
}
