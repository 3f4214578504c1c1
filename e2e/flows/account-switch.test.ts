import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import { createBrowser } from '../world/browser.ts'
import { ask, comeBack, page, sessionCookies, signInAt } from '../world/direct-bff.ts'
import { eventually } from '../world/eventually.ts'
import { createScriptedBff } from '../world/scripted-bff.ts'
import { createScriptedIssuer, type ScriptedIssuer } from '../world/scripted-issuer.ts'
import { createWorld, passwordOf, type World } from '../world/world.ts'

const session = '__Host-Http-bff'

let world: World
let issuer: ScriptedIssuer
beforeAll(async () => {
  ;[world, issuer] = await Promise.all([createWorld(), createScriptedIssuer()])
})
afterAll(async () => {
  await world.close()
  await issuer.close()
})
afterEach(() => issuer.reset())

describe('another person at the same browser', () => {
  test('A010: gets a session of their own; the first one’s is over, its tokens revoked', async () => {
    const browser = await world.signIn()
    const alice = createBrowser()
    alice.cookies.set(session, browser.cookies.get(session) as string)
    world.issuerRequests.length = 0

    const login = `${world.app}/bff/login?prompt=select_account&returnUrl=/orders`
    const form = await browser.navigate(login)
    expect(form.url.startsWith(world.issuer)).toBe(true)
    expect((await alice.call(`${world.app}/bff/user`)).status).toBe(200)
    const end = await browser.submit(form, { username: 'bob', password: passwordOf('bob') })
    expect(end.url).toBe(`${world.app}/orders`)

    expect(browser.cookies.get(session)).not.toBe(alice.cookies.get(session))
    expect((await browser.call(`${world.app}/bff/user`)).text).toContain('bob@example.com')
    expect((await alice.call(`${world.app}/bff/user`)).status).toBe(401)
    // The issuer ends the first one's session itself, and all tokens with it; it tells the BFF so before
    // the browser is back. A session that is in a cookie alone is over then, and cannot be opened.
    if (inject('sessionMode') === 'stored') {
      await eventually(() => world.issuerRequests).toContain('POST /revoke')
    }
    await browser.call(`${world.app}/api/orders`)
    expect(world.orders.requests).toHaveLength(1)
  })

  test('is asked for credentials where nobody can choose an account', async () => {
    const browser = await world.signIn()
    const asked = await browser.open(`${world.app}/bff/login?prompt=select_account%20consent`)
    const { searchParams } = new URL(asked.header('location') ?? '')
    expect(searchParams.get('prompt')).toBe('login consent')
  })

  test.each([
    ['select_account', ['none', 'login', 'select_account'], 'select_account'],
    ['select_account', ['none', 'login'], 'login'],
    ['login select_account', ['login'], 'login'],
    ['select_account', undefined, 'select_account'],
    ['create', undefined, 'create'],
    ['create login', ['create', 'login'], 'create login'],
  ])('prompt=%s at an issuer that knows %j: %s', async (prompt, known, asked) => {
    issuer.metadata = known === undefined ? {} : { prompt_values_supported: known }
    const { bff } = createScriptedBff(issuer.url)
    const { location } = await ask(bff, `/bff/login?${new URLSearchParams({ prompt })}`)
    expect(new URL(location).searchParams.get('prompt')).toBe(asked)
  })
})

describe('registering', () => {
  test('where nobody can is said at once, with the way to sign in instead', async () => {
    world.issuerRequests.length = 0
    const answer = await createBrowser().open(`${world.app}/bff/login?prompt=create&returnUrl=/x`)
    expect(answer.status).toBe(502)
    expect(answer.text).toContain('Nobody can register there.')
    expect(answer.text).toContain('href="/bff/login?returnUrl=%2Fx"')
    expect(answer.headers('set-cookie')).toEqual([])
    expect(world.issuerRequests.filter((call) => call.includes('authorize'))).toEqual([])
  })
})

describe('a callback from another site', () => {
  const crossSite = [...page, 'sec-fetch-site', 'cross-site']
  const sameOrigin = [...page, 'sec-fetch-site', 'same-origin']

  /** Somebody who is signed in signs in once more; the session's cookie stays at home on the way back. */
  async function stepUp() {
    const { bff } = createScriptedBff(issuer.url)
    const old = sessionCookies((await signInAt({ bff, issuer })).setCookies)
    const cookie = old.map((text) => text.split(';')[0]).join('; ')
    const login = await ask(bff, '/bff/login?prompt=login', [...page, 'cookie', cookie])
    issuer.authorize(login.location)
    const state = new URL(login.location).searchParams.get('state') as string
    const query = new URLSearchParams({ code: 'good', state, iss: issuer.url })
    issuer.requests.length = 0
    const isSignedIn = async () => {
      const script = ['x-csrf', '1', 'sec-fetch-site', 'same-origin', 'cookie', cookie]
      return (await ask(bff, '/bff/user', script)).status === 200
    }
    return { bff, old, transaction: login.setCookies, query, isSignedIn }
  }

  test('A009, A010: comes once more as our own, so that the session that was there ends', async () => {
    const { bff, old, transaction, query, isSignedIn } = await stepUp()
    const first = await comeBack(bff, transaction, query, crossSite)
    expect([first.status, first.setCookies, issuer.requests]).toEqual([200, [], []])
    expect(first.headers.join()).toContain("default-src 'none'; frame-ancestors 'none'")
    const [, target = ''] = /content="0;url=([^"]*)"/.exec(first.body) ?? []
    const { origin, pathname, searchParams: again } = new URL(target.replaceAll('&amp;', '&'))
    expect([origin, pathname]).toEqual(['http://localhost:3000', '/bff/callback'])
    expect(Object.fromEntries(again)).toEqual({ ...Object.fromEntries(query), 'once-more': '1' })
    expect(await isSignedIn()).toBe(true)

    const second = await comeBack(bff, [...transaction, ...old], again, sameOrigin)
    expect(second.status).toBe(303)
    expect(sessionCookies(second.setCookies)).toHaveLength(1)
    expect(await isSignedIn()).toBe(false)
  })

  test('is no loop: the second time it goes on, with or without that cookie', async () => {
    const { bff, transaction, query } = await stepUp()
    query.set('once-more', '1')
    expect((await comeBack(bff, transaction, query, crossSite)).status).toBe(303)
  })

  test('of somebody who was not signed in goes on at once', async () => {
    const { bff } = createScriptedBff(issuer.url)
    const login = await ask(bff, '/bff/login')
    issuer.authorize(login.location)
    const state = new URL(login.location).searchParams.get('state') as string
    const query = new URLSearchParams({ code: 'good', state, iss: issuer.url })
    expect((await comeBack(bff, login.setCookies, query, crossSite)).status).toBe(303)
  })

  test('A001: of a stranger is refused at once', async () => {
    const { bff, query } = await stepUp()
    const stranger = await comeBack(bff, [], query, crossSite)
    expect([stranger.status, stranger.setCookies]).toEqual([400, []])
  })
})

describe('an error that the issuer sends back', () => {
  test.each([
    ['access_denied', 400, 'The sign-in was not granted'],
    ['login_required', 400, 'The sign-in was not granted'],
    ['invalid_request', 502, 'The identity server refuses this sign-in request'],
    ['invalid_scope', 502, 'The identity server refuses this sign-in request'],
    ['temporarily_unavailable', 503, 'The identity server cannot be reached'],
    ['unmet_authentication_requirements', 403, 'This sign-in was not strong enough'],
    ['toString', 400, 'The sign-in was not granted'],
  ])('%s is %i: %s', async (error, status, title) => {
    const { bff } = createScriptedBff(issuer.url)
    const forge = (response: URLSearchParams) => {
      response.delete('code')
      response.set('error', error)
    }
    const answer = await signInAt({ bff, issuer, forge })
    expect(answer.status).toBe(status)
    expect(answer.body).toContain(title)
    expect(sessionCookies(answer.setCookies)).toEqual([])
  })
})
