import { createSecret, randomToken } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { type Browser, createBrowser } from '../world/browser.ts'
import { eventually } from '../world/eventually.ts'
import { createNativeApp, type NativeApp, withNativeApps } from '../world/native-app.ts'
import { createWorld, type World } from '../world/world.ts'

const secret = randomToken()
const isStored = inject('sessionMode') === 'stored'
const tokensOfSession = 2

let world: World
let phone: NativeApp
let sessionToken: string
beforeEach(async () => {
  world = await createWorld({
    gateway: (options) => ({
      ...withNativeApps(options),
      operator: {
        listen: { port: 0 },
        credentials: [{ name: 'night-shift', secret: createSecret(secret) }],
      },
    }),
  })
  phone = createNativeApp(world)
  sessionToken = await phone.start()
})
afterEach(() => world.close())

const call = async (app = phone, token = sessionToken) =>
  (await app.call('/api/orders/1', token)).status
const isSignedIn = async (browser: Browser) =>
  (await browser.call(`${world.app}/bff/user`)).status === 200
const revocations = () => world.issuerRequests.filter((one) => one === 'POST /revoke').length
const operate = (method: string, path: string) => {
  const headers = ['authorization', `Bearer ${secret}`]
  const url = `http://127.0.0.1:${world.gateway.operatorPort}${path}`
  return createBrowser().ask(url, { method, headers })
}

describe('an app’s session ends, and its tokens are revoked', () => {
  test('when the person ends all their other sessions in a browser, which goes on', async () => {
    const [own, other] = [await world.signIn(), await world.signIn()]
    const answer = await own.call(`${world.app}/bff/sessions`, { method: 'DELETE' })
    expect(answer.json()).toEqual(isStored ? { ended: 2 } : {})
    expect(await call()).toBe(401)
    expect([await isSignedIn(own), await isSignedIn(other)]).toEqual([true, false])
    await eventually(revocations).toBe(2 * tokensOfSession)
    expect((await own.call(`${world.app}/api/inventory`)).status).toBe(200)
    const again = createNativeApp(world)
    expect(await call(again, await again.start())).toBe(200)
  })

  test('and stays when somebody else ends theirs', async () => {
    const bob = await world.signIn(createBrowser(), 'bob')
    await bob.call(`${world.app}/bff/sessions`, { method: 'DELETE' })
    expect(await call()).toBe(200)
    expect(revocations()).toBe(0)
  })

  test('when the issuer says that its person has signed out', async () => {
    const alice = await world.signIn(phone.browser)
    await alice.call(`${world.app}/bff/logout`, { method: 'POST' })
    await eventually(revocations).toBe(tokensOfSession)
    expect(await call()).toBe(200)
    await alice.navigate(`${world.app}/bff/logout`)
    await eventually(() => call()).toBe(401)
    await eventually(revocations).toBe(2 * tokensOfSession)
  })

  test('when an operator ends all of its person', async () => {
    const issuer = encodeURIComponent(world.issuer)
    const found = (await operate('GET', '/sessions')).json<{
      sessions: { subject: string; id: string }[]
    }>()
    expect(found.sessions).toHaveLength(1)
    const subject = encodeURIComponent(found.sessions[0]?.subject ?? '')
    const ended = await operate('DELETE', `/sessions?issuer=${issuer}&subject=${subject}`)
    expect(ended.json()).toEqual({ sessions: 1, hasUncounted: !isStored })
    expect(await call()).toBe(401)
    await eventually(revocations).toBe(tokensOfSession)
  })

  test('when an operator ends it by its id', async () => {
    const { sessions } = (await operate('GET', '/sessions')).json<{
      sessions: { id: string }[]
    }>()
    await operate('DELETE', `/sessions/${sessions[0]?.id}`)
    expect(await call()).toBe(401)
    await eventually(revocations).toBe(tokensOfSession)
  })
})

test('what waits for an app, and what became of it, is no session to an operator', async () => {
  await createNativeApp(world).signIn()
  const { sessions } = (await operate('GET', '/sessions')).json<{ sessions: unknown[] }>()
  expect(sessions).toHaveLength(1)
  const counted = (await operate('GET', '/sessions/count')).json()
  expect(counted).toMatchObject({ sessions: 1 })
})
