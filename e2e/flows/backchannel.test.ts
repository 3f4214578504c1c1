import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { type Browser, createBrowser } from '../world/browser.ts'
import { createScriptedIssuer, type ScriptedIssuer } from '../world/scripted-issuer.ts'
import { createWorld, type World } from '../world/world.ts'

const event = 'http://schemas.openid.net/event/backchannel-logout'
const isSealed = inject('sessionMode') === 'sealed'
const form = ['content-type', 'application/x-www-form-urlencoded']

let issuer: ScriptedIssuer
let world: World
let browser: Browser
beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  issuer = await createScriptedIssuer()
  issuer.metadata = { revocation_endpoint: `${issuer.url}/revoke` }
  world = await createWorld({
    gateway: (options) => ({ ...options, bff: { ...options.bff, issuer: issuer.url } }),
  })
  await world.gateway.bffs[0]?.prepare()
})
afterAll(async () => {
  vi.useRealTimers()
  await world.close()
  await issuer.close()
})
beforeEach(async () => {
  issuer.reset()
  browser = await signIn('alice', 'sid-of-alice')
})
/** Signs in at the scripted issuer, as whoever it says, a second after all that was before. */
async function signIn(sub: string, sid: string): Promise<Browser> {
  const one = await comeBack(sub, sid)
  if (!one.cookies.has('__Host-Http-bff')) throw new Error('the sign-in failed')
  return one
}

async function comeBack(sub: string, sid: string): Promise<Browser> {
  vi.setSystemTime(Date.now() + 1000)
  const one = createBrowser()
  issuer.claims = { sub, sid }
  const login = await one.ask(`${world.app}/bff/login`)
  const location = new URL(login.header('location') ?? '')
  issuer.authorize(location.href)
  const state = location.searchParams.get('state')
  await one.ask(
    `${world.app}/bff/callback?code=good&state=${state}&iss=${encodeURIComponent(issuer.url)}`,
  )
  return one
}

const isSignedIn = async (one: Browser) => (await one.call(`${world.app}/bff/user`)).status === 200

function claims(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000)
  const base = { iss: issuer.url, aud: 'bff', iat: now, exp: now + 120, jti: randomUUID() }
  return { ...base, sub: 'alice', sid: 'sid-of-alice', events: { [event]: {} }, ...changes }
}

async function deliver(changes?: Record<string, unknown>, header?: Record<string, unknown>) {
  const logoutToken = await issuer.sign(claims(changes), { typ: 'logout+jwt', ...header })
  return post(`logout_token=${logoutToken}`)
}

/** Tokens that the issuer was asked to revoke, and that say whose they are. */
const revoked = () =>
  issuer.calls
    .flatMap(({ path, form }) => (path === '/revoke' ? [form.get('token') ?? ''] : []))
    .filter((token) => token.includes('of-'))

const post = (body: string, headers = form, path = '/bff/backchannel') =>
  createBrowser().ask(`${world.app}${path}`, { method: 'POST', body, headers })

describe('a logout token', () => {
  test('A253: ends the session without cookie or header of ours, and is answered 200, no-store', async () => {
    const answer = await deliver()
    expect(answer.status).toBe(200)
    expect(answer.header('cache-control')).toBe('no-store')
    expect(await isSignedIn(browser)).toBe(false)
  })

  test('with a sid ends that session alone; with a sub alone all of the person', async () => {
    const second = await signIn('alice', 'another-sid')
    const bob = await signIn('bob', 'sid-of-bob')
    await deliver()
    expect(await Promise.all([browser, second, bob].map(isSignedIn))).toEqual([false, true, true])
    browser = await signIn('alice', 'sid-of-alice')
    await deliver({ sid: undefined })
    expect(await Promise.all([browser, second, bob].map(isSignedIn))).toEqual([false, false, true])
  })

  test('revokes the tokens of the sessions that it ends, and of no other; sealed ones when they are shown', async () => {
    issuer.answers = { '/revoke': () => ({ body: '' }) }
    const browsers: Browser[] = []
    for (const [sub, sid] of [
      ['carol', 'sid-of-carol'],
      ['carol', 'another-sid'],
      ['dave', 'sid-of-dave'],
    ] as const) {
      issuer.token = { refresh_token: `of-${sid}`, access_token: `access-of-${sid}` }
      browsers.push(await signIn(sub, sid))
    }
    await deliver({ sub: 'carol', sid: undefined })
    if (isSealed) expect(revoked()).toEqual([])
    for (const one of browsers) await isSignedIn(one)
    await expect.poll(revoked).toHaveLength(4)
    for (const one of browsers) await isSignedIn(one)
    expect(revoked().sort()).toEqual([
      ...['access-of-another-sid', 'access-of-sid-of-carol'],
      ...['of-another-sid', 'of-sid-of-carol'],
    ])
  })

  test('A246: delivered again does not end the session that began since then', async () => {
    const jti = randomUUID()
    expect((await deliver({ jti })).status).toBe(200)
    const fresh = await signIn('alice', 'sid-of-alice')
    expect((await deliver({ jti })).status).toBe(200)
    expect(await isSignedIn(fresh)).toBe(true)
  })

  test('A250: with the sid of another subject signs nobody out', async () => {
    const bob = await signIn('bob', 'sid-of-bob')
    for (const changes of [{ sub: 'bob' }, { sid: 'sid-of-bob' }, { sub: 'nobody' }]) {
      expect((await deliver(changes)).status).toBe(200)
    }
    expect(await Promise.all([browser, bob].map(isSignedIn))).toEqual([true, true])
    expect((await deliver({ sub: undefined, sid: 'sid-of-bob' })).status).toBe(200)
    expect(await Promise.all([browser, bob].map(isSignedIn))).toEqual([true, false])
  })

  test('A229: that comes while its sign-in is under way ends that, and its tokens are revoked', async () => {
    issuer.token = { refresh_token: 'of-the-race', access_token: 'access-of-the-race' }
    issuer.answers = {
      '/revoke': () => ({ body: '' }),
      async '/token'() {
        await deliver({ sid: 'sid-of-race' })
        return undefined
      },
    }
    const raced = await comeBack('alice', 'sid-of-race')
    expect(raced.cookies.has('__Host-Http-bff')).toBe(false)
    await expect.poll(revoked).toEqual(['of-the-race', 'access-of-the-race'])
  })

  test('BCL-05: for a session that is unknown is a success', async () => {
    expect((await deliver({ sid: 'nobody', sub: 'nobody' })).status).toBe(200)
  })

  const now = Math.floor(Date.now() / 1000)
  test.each([
    ['A241 no events', { events: undefined }],
    ['A241 another event', { events: { 'http://other': {} } }],
    ['A241 event is no object', { events: { [event]: true } }],
    ['A241 event is an array', { events: { [event]: [] } }],
    ['A241 events is an array', { events: [event] }],
    ['A241 events is a string', { events: event }],
    ['A242 a nonce', { nonce: 'x' }],
    ['A244 neither sub nor sid', { sub: undefined, sid: undefined }],
    ['A244 sid a number', { sid: 7 }],
    ['A244 sub empty', { sub: '' }],
    ['A244 sid empty', { sid: '' }],
    ['A245 no iat', { iat: undefined }],
    ['A245 no jti', { jti: undefined }],
    ['A245 no exp', { exp: undefined }],
    ['A245 expired', { exp: now - 60 }],
    ['A245 an hour old', { iat: now - 3600 }],
    ['A245 from the future', { iat: now + 3600 }],
    ['another audience', { aud: 'other' }],
    ['another issuer', { iss: 'https://other.example' }],
  ])('%s is refused, and nobody is signed out', async (_what, changes) => {
    const answer = await deliver(changes)
    expect(answer.status).toBe(400)
    expect(answer.json<{ type: string }>().type).toBe('urn:sallyport:problem:logout_token_invalid')
    expect(await isSignedIn(browser)).toBe(true)
  })

  test.each([['JWT'], ['at+jwt'], [undefined]])('BCL-04: of type %s is refused', async (typ) => {
    expect((await deliver({}, { typ })).status).toBe(400)
    expect(await isSignedIn(browser)).toBe(true)
  })

  test('A240: signed by a stranger, or not at all, is refused', async () => {
    issuer.forgesSignature = true
    expect((await deliver()).status).toBe(400)
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const unsigned = `${part({ alg: 'none', typ: 'logout+jwt' })}.${part(claims())}.`
    expect((await post(`logout_token=${unsigned}`)).status).toBe(400)
    expect(await isSignedIn(browser)).toBe(true)
  })
})

describe('the back-channel endpoint', () => {
  test('A248: takes one token in a form body by POST, and nothing else', async () => {
    const token = await issuer.sign(claims(), { typ: 'logout+jwt' })
    const answers = await Promise.all([
      createBrowser().ask(`${world.app}/bff/backchannel?logout_token=${token}`),
      post('', form, `/bff/backchannel?logout_token=${token}`),
      post(JSON.stringify({ logout_token: token }), ['content-type', 'application/json']),
      post(`logout_token=${token}`, ['content-type', 'text/plain']),
      post(`logout_token=${token}`, []),
      post(`logout_token=${token}&logout_token=${token}`),
      post(`logout_token=${'a'.repeat(1_000_000)}`),
    ])
    expect(answers.map(({ status }) => status)).toEqual([405, 400, 400, 400, 400, 400, 413])
    expect(await isSignedIn(browser)).toBe(true)
  })

  test('A249: asks for keys at most once for any number of unknown ones', async () => {
    await deliver({ sid: 'nobody' })
    const before = issuer.requests.filter((path) => path === '/jwks').length
    const flood = Array.from({ length: 30 }, (_, i) => deliver({}, { kid: `unknown-${i}` }))
    expect(new Set((await Promise.all(flood)).map(({ status }) => status))).toEqual(new Set([400]))
    const fetched = issuer.requests.filter((path) => path === '/jwks').length - before
    expect(fetched).toBeLessThanOrEqual(1)
  })
})
