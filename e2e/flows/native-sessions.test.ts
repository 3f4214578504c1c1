import { createHash } from 'node:crypto'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createBrowser } from '../world/browser.ts'
import { eventually } from '../world/eventually.ts'
import { createNativeApp, postForm, readReturn, withNativeApps } from '../world/native-app.ts'
import { createWorld, type World } from '../world/world.ts'

const hash = (text: string) => createHash('sha256').update(text).digest('base64url')

let world: World
beforeAll(async () => {
  world = await createWorld({ gateway: withNativeApps })
})
afterAll(() => world.close())
beforeEach(() => {
  world.orders.requests.length = 0
  world.inventory.requests.length = 0
  world.issuerRequests.length = 0
})

const received = (recorder = world.orders) =>
  recorder.requests.at(-1)?.header('authorization') ?? ''
const challenge = (answer: { header(name: string): string | undefined }) =>
  answer.header('www-authenticate') ?? ''

describe('an app', () => {
  test('signs in by the browser, and calls with a session token and proofs', async () => {
    const phone = createNativeApp(world)
    const said = await phone.signIn()
    expect(said.get('state')).toBe(phone.state)
    expect(said.get('iss')).toBe(world.app)

    const answer = await phone.redeem(said.get('code') ?? '')
    expect(answer.status).toBe(200)
    expect(answer.header('cache-control')).toBe('no-store')
    const { access_token: sessionToken, ...rest } = answer.json<Record<string, string>>()
    expect(rest).toEqual({ token_type: 'DPoP', expires_in: 1800 })
    expect(sessionToken).toMatch(/^[\w-]{43}$/)

    const called = await phone.call('/api/orders/1', sessionToken ?? '')
    expect(called.status).toBe(200)
    expect(called.headers('set-cookie')).toEqual([])
    const accessToken = received().replace(/^Bearer /, '')
    expect(decodeJwt(accessToken)).toMatchObject({ aud: world.settings.publicUrls.orders })
    expect(world.orders.requests.at(-1)?.rawHeaders.join()).not.toContain(sessionToken)
    // A token for another resource is had with the session's refresh token, as for cookies.
    const other = await phone.call('/api/apps-only/x', sessionToken ?? '')
    expect(other.status).toBe(200)
    expect(world.inventory.requests).toHaveLength(1)
  })

  test('waits on any port of the loopback address', async () => {
    const names = { clientId: 'desk', redirectUri: 'http://127.0.0.1:49152/signed-in' }
    const desk = createNativeApp(world, names)
    const sessionToken = await desk.start()
    expect((await desk.call('/api/orders/1', sessionToken)).status).toBe(200)
  })

  test('with an address of its own signs in without a question where somebody is signed in', async () => {
    const names = { clientId: 'claimed', redirectUri: 'https://app.example/signed-in' }
    const app = createNativeApp(world, names)
    await world.signIn(app.browser)
    const { answer, url } = await app.browser.navigate(app.loginUrl())
    expect(url.startsWith(`${world.app}/bff/callback`)).toBe(true)
    expect(readReturn(answer).has('code')).toBe(true)
  })

  test('without one does not: another app could ask in its name', async () => {
    const phone = createNativeApp(world)
    await world.signIn(phone.browser)
    const { url } = await phone.browser.navigate(phone.loginUrl())
    expect(url.startsWith(world.issuer)).toBe(true)
    const silent = await phone.browser.open(phone.loginUrl({ prompt: 'none' }))
    expect(silent.status).toBe(303)
    expect(silent.header('location')).toContain('error=interaction_required')
  })

  test('signs out, and what the issuer granted is revoked', async () => {
    const phone = createNativeApp(world)
    const sessionToken = await phone.start()
    const revoke = `${world.app}/bff/native/revoke`
    const foreign = await postForm(revoke, { token: sessionToken, client_id: 'desk' })
    expect(foreign.json()).toEqual({ error: 'invalid_client' })
    expect((await phone.call('/api/orders/1', sessionToken)).status).toBe(200)

    const answer = await postForm(revoke, { token: sessionToken, client_id: 'phone' })
    expect(answer.status).toBe(200)
    const after = await phone.call('/api/orders/1', sessionToken)
    expect(after.status).toBe(401)
    expect(challenge(after)).toContain('error="invalid_token"')
    const revocations = () => world.issuerRequests.filter((call) => call === 'POST /revoke').length
    await eventually(revocations).toBeGreaterThan(0)
    const again = await postForm(revoke, { token: sessionToken, client_id: 'phone' })
    expect(again.status).toBe(200)
  })

  test('is signed out with its person by the issuer', async () => {
    const phone = createNativeApp(world)
    const sessionToken = await phone.start()
    const alice = await world.signIn(phone.browser)
    const { logoutUrl } = (await alice.call(`${world.app}/bff/logout`, { method: 'POST' })).json<{
      logoutUrl: string
    }>()
    await alice.navigate(`${world.app}${logoutUrl}`)
    await eventually(async () => (await phone.call('/api/orders/1', sessionToken)).status).toBe(401)
  })
})

describe('a session token', () => {
  test.each([
    ['no proof', () => [], 'invalid_dpop_proof'],
    ['another key’s proof', other, 'invalid_dpop_proof'],
    [
      'a proof of another path',
      (app: App, token: string) => ['dpop', app.proof('GET', `${world.app}/api/orders/2`, token)],
      'invalid_dpop_proof',
    ],
    [
      'a proof of another method',
      (app: App, token: string) => ['dpop', app.proof('POST', `${world.app}/api/orders/1`, token)],
      'invalid_dpop_proof',
    ],
    [
      'a proof without the token',
      (app: App) => ['dpop', app.proof('GET', `${world.app}/api/orders/1`)],
      'invalid_dpop_proof',
    ],
  ])('A204: with %s opens nothing', async (_name, proofs, error) => {
    const phone = createNativeApp(world)
    const sessionToken = await phone.start()
    const answer = await phone.call('/api/orders/1', sessionToken, proofs(phone, sessionToken))
    expect(answer.status).toBe(401)
    expect(challenge(answer)).toBe(
      `DPoP realm="${world.app}", error="${error}", algs="ES256 Ed25519 EdDSA PS256"`,
    )
    expect(world.orders.requests).toEqual([])
  })

  type App = ReturnType<typeof createNativeApp>
  function other(_app: App, token: string) {
    const proof = createNativeApp(world).proof('GET', `${world.app}/api/orders/1`, token)
    return ['dpop', proof]
  }

  test('A204: with a proof that was used opens nothing, at another gateway either', async () => {
    const phone = createNativeApp(world)
    const sessionToken = await phone.start()
    const proof = ['dpop', phone.proof('GET', `${world.app}/api/orders/1`, sessionToken)]
    expect((await phone.call('/api/orders/1', sessionToken, proof)).status).toBe(200)
    expect((await phone.call('/api/orders/1', sessionToken, proof)).status).toBe(401)
    await world.restartGateway()
    expect((await phone.call('/api/orders/1', sessionToken, proof)).status).toBe(401)
    expect((await phone.call('/api/orders/1', sessionToken)).status).toBe(200)
  })

  test('as a bearer token opens nothing', async () => {
    const phone = createNativeApp(world)
    const sessionToken = await phone.start()
    const headers = ['authorization', `Bearer ${sessionToken}`]
    const answer = await createBrowser().ask(`${world.app}/api/orders/1`, { headers })
    expect(answer.status).toBe(401)
    expect(challenge(answer)).toMatch(/^DPoP /)
  })

  test('as a bearer token opens nothing where such are taken either, whatever proof comes along', async () => {
    const phone = createNativeApp(world)
    const sessionToken = await phone.start()
    const url = `${world.app}/api/any-app/x`
    const proof = ['dpop', phone.proof('GET', url, sessionToken)]
    const headers = ['authorization', `Bearer ${sessionToken}`, ...proof]
    const answer = await createBrowser().ask(url, { headers })
    expect(answer.status).toBe(401)
    expect(challenge(answer)).toContain('error="invalid_token"')
    expect((await phone.call('/api/any-app/x', sessionToken)).status).toBe(200)
  })

  test('as a cookie opens nothing, nor does what it is stored under', async () => {
    const sessionToken = await createNativeApp(world).start()
    for (const value of [sessionToken, hash(sessionToken), hash(`native:${sessionToken}`)]) {
      const browser = createBrowser()
      browser.cookies.set('__Host-Http-bff', value)
      expect((await browser.call(`${world.app}/bff/user`)).status).toBe(401)
    }
  })

  test('is no cookie: a browser’s session is not opened as an app’s', async () => {
    const alice = await world.signIn()
    const cookie = alice.cookies.get('__Host-Http-bff') ?? ''
    const answer = await createNativeApp(world).call('/api/orders/1', cookie)
    expect(answer.status).toBe(401)
    expect(world.orders.requests).toEqual([])
  })

  test('beside a session cookie is refused, whosever they are', async () => {
    const phone = createNativeApp(world)
    const sessionToken = await phone.start()
    const alice = await world.signIn()
    const url = `${world.app}/api/orders/1`
    const proof = ['dpop', phone.proof('GET', url, sessionToken)]
    const headers = ['authorization', `DPoP ${sessionToken}`, ...proof]
    const answer = await alice.call(url, { headers })
    expect(answer.status).toBe(400)
    expect(answer.json<{ detail: string }>().detail).toContain('cookie')
    expect(world.orders.requests).toEqual([])
  })

  test('A090: counts for nothing on a route for browsers, and is dropped there', async () => {
    const phone = createNativeApp(world)
    const sessionToken = await phone.start()
    expect((await phone.call('/api/inventory/x', sessionToken)).status).toBe(403)
    const alice = await world.signIn()
    const headers = ['authorization', `DPoP ${sessionToken}`]
    await alice.call(`${world.app}/api/inventory/x`, { headers })
    expect(received(world.inventory)).toMatch(/^Bearer eyJ/)
  })

  test('is what a route for apps takes, and a cookie is not', async () => {
    const alice = await world.signIn()
    const answer = await alice.call(`${world.app}/api/apps-only/x`)
    expect(answer.status).toBe(401)
    expect(challenge(answer)).toMatch(/^DPoP realm=/)
    expect(world.inventory.requests).toEqual([])
  })

  test('A130: in a page of another origin is refused', async () => {
    const phone = createNativeApp(world)
    const sessionToken = await phone.start()
    const url = `${world.app}/api/orders/1`
    for (const origin of [
      ['origin', 'https://evil.example'],
      ['sec-fetch-site', 'cross-site'],
    ]) {
      const proof = ['dpop', phone.proof('GET', url, sessionToken), ...origin]
      expect((await phone.call('/api/orders/1', sessionToken, proof)).status).toBe(403)
    }
    expect(world.orders.requests).toEqual([])
  })
})
