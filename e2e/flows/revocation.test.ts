import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventually } from '../world/eventually.ts'
import { createWorld, type World } from '../world/world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())
beforeEach(() => {
  world.issuerRequests.length = 0
})

const revocations = () => world.issuerRequests.filter((one) => one === 'POST /revoke').length

test('access and refresh token are revoked at sign-out', async () => {
  const browser = await world.signIn()
  await browser.call(`${world.app}/bff/logout`, { method: 'POST' })
  await eventually(revocations).toBe(2)
})

test('an issuer that is down at sign-out is told by the gateway that was started since', async () => {
  const browser = await world.signIn()
  await world.stopIssuer()
  const answer = await browser.call(`${world.app}/bff/logout`, { method: 'POST' })
  expect(answer.status).toBe(200)
  await world.restartGateway()
  await world.startIssuer()
  await eventually(revocations, 40_000).toBeGreaterThanOrEqual(2)
  expect((await browser.call(`${world.app}/bff/user`)).status).toBe(401)
})
