import { afterAll, beforeAll, expect, test } from 'vitest'
import { signIn } from '../../apps/demo/src/native/native-client.ts'
import { type Chromium, launchChromium } from '../world/chromium.ts'
import { type DemoWorld, startDemoWorld } from '../world/demo-world.ts'
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

test('a command line signs in by the browser, which comes back to it by itself, and signs out', async () => {
  await using visitor = await chromium.visit()
  const page = await visitor.context.newPage()
  const names = { clientId: 'orders-cli', redirectPath: '/signed-in' }
  const opened = Promise.withResolvers<string>()
  const signingIn = signIn({ ...names, bff: world.app, openBrowser: opened.resolve })

  await page.goto(await opened.promise)
  await signInPage(page).submit('alice')
  const session = await signingIn
  await page.getByText('Go back to the command line').waitFor()
  expect(visitor.complaints).toEqual([])

  const answer = await session.call('/app/orders')
  expect([answer.status, await answer.json()]).toEqual([200, { orders: [] }])
  const own = (await visitor.context.cookies(world.app)).map(({ name }) => name)
  expect(own.filter((name) => name.startsWith('__'))).toEqual([])

  await session.signOut()
  expect((await session.call('/app/orders')).status).toBe(401)
})
