import { createBff } from '@sallyport/bff'
import { createSecret, randomToken } from '@sallyport/core'
import { createMemoryStore } from '@sallyport/session/memory'
import { createTelemetry } from '@sallyport/telemetry'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventually } from '../world/eventually.ts'
import { createScriptedIssuer } from '../world/scripted-issuer.ts'
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

test('while the store is down nothing pretends to have ended: 503, and delivered again it works', async () => {
  const issuer = await createScriptedIssuer()
  const memory = createMemoryStore()
  let isDown = true
  const store = {
    ...memory,
    mark: (...given: Parameters<typeof memory.mark>) => {
      if (isDown) throw new Error('the store is down')
      return memory.mark(...given)
    },
  }
  const bff = createBff(
    {
      publicUrl: 'https://app.example',
      issuer: issuer.url,
      clientId: 'bff',
      clientAuthentication: { secret: randomToken() },
      sealKeys: [{ kid: 'k1', key: createSecret(randomToken()) }],
    },
    { store, telemetry: createTelemetry({ service: 'bff', level: 'silent' }) },
  )
  const now = Math.floor(Date.now() / 1000)
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
  const token = await issuer.sign(
    { iss: issuer.url, aud: 'bff', iat: now, exp: now + 100, jti: 'one', sub: 'alice', events },
    { typ: 'logout+jwt' },
  )
  const deliver = async () => {
    const type = ['content-type', 'application/x-www-form-urlencoded']
    const decision = await bff.decide({
      ...{ method: 'POST', target: '/bff/backchannel', remoteAddress: '::1' },
      headers: ['host', 'app.example', ...type],
    })
    if (decision.kind !== 'read') throw new Error('the body must be read')
    return decision.decide(`logout_token=${token}`)
  }
  const refused = await deliver()
  expect(refused.status).toBe(503)
  expect(refused.headers).toContain('retry-after')
  isDown = false
  expect((await deliver()).status).toBe(200)
  // Not taken for a repetition of the one that failed: the end is written down now.
  expect(await isRemembered()).toBe(true)
  await bff.close()
  await issuer.close()

  async function isRemembered() {
    const [mark] = await memory.marks([`logout:${issuer.url}:one`])
    return mark !== undefined
  }
})
