import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createNativeApp, postForm, readReturn, withNativeApps } from '../world/native-app.ts'
import { createWorld, type World } from '../world/world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld({ gateway: withNativeApps })
})
afterAll(() => world.close())
beforeEach(() => {
  world.issuerRequests.length = 0
})

describe('a request for a sign-in', () => {
  test('leaves no session in the browser, and the one that is there alone', async () => {
    const phone = createNativeApp(world)
    await phone.start()
    expect([...phone.browser.cookies.keys()].filter((name) => name.startsWith('__'))).toEqual([])

    const alice = await world.signIn(phone.browser)
    const before = [...alice.cookies].filter(([name]) => name.startsWith('__'))
    await phone.start()
    expect([...alice.cookies].filter(([name]) => name.startsWith('__'))).toEqual(before)
    expect((await alice.call(`${world.app}/bff/user`)).status).toBe(200)
  })

  test.each([
    ['another address', { redirect_uri: 'com.example.phone:/signed-in/' }],
    ['an address with a query', { redirect_uri: 'com.example.phone:/signed-in?x' }],
    ['a web page', { redirect_uri: 'https://evil.example/' }],
    ['another app’s address', { redirect_uri: 'https://app.example/signed-in' }],
    ['localhost', { client_id: 'desk', redirect_uri: 'http://localhost:5/signed-in' }],
    ['a port where there is none', { redirect_uri: 'com.example.phone:80/signed-in' }],
    [
      'a host before the port',
      { client_id: 'desk', redirect_uri: 'http://127.0.0.1:1@evil.example/signed-in' },
    ],
    [
      'no port that is one',
      { client_id: 'desk', redirect_uri: 'http://127.0.0.1:99999/signed-in' },
    ],
    ['another app', { client_id: 'tablet' }],
    ['no address', { redirect_uri: undefined }],
  ])('with %s sends the browser nowhere', async (_name, changes) => {
    const phone = createNativeApp(world)
    const answer = await phone.browser.open(phone.loginUrl(changes))
    expect(answer.status).toBe(400)
    expect(answer.header('location')).toBeUndefined()
    expect(answer.text).toContain('ERR_NATIVE_APP_UNKNOWN')
  })

  test.each([
    ['no PKCE', { code_challenge: undefined }],
    ['plain PKCE', { code_challenge_method: 'plain' }],
    ['no method', { code_challenge_method: undefined }],
    ['no key', { dpop_jkt: undefined }],
    ['no state', { state: undefined }],
    ['another response type', { response_type: 'token' }],
    ['a prompt that is none', { prompt: 'evil' }],
  ])('with %s is refused to the app', async (_name, changes) => {
    const phone = createNativeApp(world)
    const answer = await phone.browser.open(phone.loginUrl(changes))
    expect(answer.status).toBe(303)
    const location = new URL(answer.header('location') ?? '')
    expect(location.href).toMatch(/^com\.example\.phone:\/signed-in\?error=invalid_request&/)
    expect(location.searchParams.get('iss')).toBe(world.app)
    expect(world.issuerRequests).toEqual([])
  })

  test('in a frame is refused', async () => {
    const phone = createNativeApp(world)
    const headers = ['sec-fetch-mode', 'navigate', 'sec-fetch-dest', 'iframe']
    expect((await phone.browser.ask(phone.loginUrl(), { headers })).status).toBe(403)
  })
})

describe('an answer of the issuer that comes too late', () => {
  afterEach(() => vi.useRealTimers())

  test('A022: starts nothing again: the app is not there any more, perhaps', async () => {
    const phone = createNativeApp(world)
    const { browser } = phone
    const login = await browser.open(phone.loginUrl())
    const state = new URL(login.header('location') ?? '').searchParams.get('state')
    const query = new URLSearchParams({ code: 'x', state: state ?? '', iss: world.issuer })
    const now = Date.now()
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(now + 601_000)
    const answer = await browser.open(`${world.app}/bff/callback?${query}`)
    expect([answer.status, answer.header('location')]).toEqual([400, undefined])
  })
})

describe('a code', () => {
  test.each([
    ['another verifier', { code_verifier: 'a'.repeat(43) }],
    ['another address', { redirect_uri: 'http://127.0.0.1/signed-in' }],
    ['another app', { client_id: 'desk' }],
  ])('with %s gives nothing, and stays the app’s', async (_name, changes) => {
    const phone = createNativeApp(world)
    const code = (await phone.signIn()).get('code') ?? ''
    const refused = await phone.redeem(code, changes)
    expect([refused.status, refused.json()]).toEqual([400, { error: 'invalid_grant' }])
    expect((await phone.redeem(code)).status).toBe(200)
  })

  test('that another app has intercepted is worth nothing without the key', async () => {
    const phone = createNativeApp(world)
    const thief = createNativeApp(world)
    const code = (await phone.signIn()).get('code') ?? ''
    const stolen = await thief.redeem(code, { code_verifier: phone.codeVerifier })
    expect(stolen.json()).toEqual({ error: 'invalid_grant' })
    const without = await phone.redeem(code, {}, [])
    expect(without.json()).toEqual({ error: 'invalid_dpop_proof' })
  })

  test('that comes again ends the session it gave', async () => {
    const phone = createNativeApp(world)
    const code = (await phone.signIn()).get('code') ?? ''
    const redeemed = (await phone.redeem(code)).json<{ access_token: string }>()
    const { access_token: sessionToken } = redeemed
    expect((await phone.call('/api/orders/1', sessionToken)).status).toBe(200)
    const again = await createNativeApp(world).redeem(code)
    expect(again.json()).toEqual({ error: 'invalid_grant' })
    expect((await phone.call('/api/orders/1', sessionToken)).status).toBe(401)
  })

  test('gives one session at most to twenty who come at once, and that one ends', async () => {
    const phone = createNativeApp(world)
    const code = (await phone.signIn()).get('code') ?? ''
    const answers = await Promise.all(Array.from({ length: 20 }, () => phone.redeem(code)))
    const given = answers.filter(({ status }) => status === 200)
    expect(given.length).toBeLessThanOrEqual(1)
    for (const answer of given) {
      const { access_token: sessionToken } = answer.json<{ access_token: string }>()
      const called = await phone.call('/api/orders/1', sessionToken)
      expect(called.status).toBe(401)
    }
  })

  test.each([
    ['a grant of another kind', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['no verifier', { code_verifier: '' }, 'invalid_request'],
    ['an unknown app', { client_id: 'tablet' }, 'invalid_client'],
    ['a code of nobody', { code: 'a'.repeat(43) }, 'invalid_grant'],
  ])('is not taken with %s', async (_name, changes, error) => {
    const answer = await createNativeApp(world).redeem('a'.repeat(43), changes)
    expect([answer.status, answer.json()]).toEqual([400, { error }])
  })

  test('is not given to a page', async () => {
    const url = `${world.app}/bff/native/token`
    for (const headers of [
      ['origin', world.app],
      ['sec-fetch-site', 'same-origin'],
    ]) {
      expect((await postForm(url, {}, headers)).status).toBe(403)
    }
  })

  test('is not given to who said no at the issuer: the app learns of it', async () => {
    const phone = createNativeApp(world)
    const page = await phone.browser.navigate(phone.loginUrl())
    const left = await phone.browser.submit(page, { decision: 'cancel' })
    expect(readReturn(left.answer).get('error')).toBe('access_denied')
  })
})
