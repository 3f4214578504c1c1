import { type Bff, createBff } from '@sallyport/bff'
import { createSecret, randomToken } from '@sallyport/core'
import { createTelemetry } from '@sallyport/telemetry'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import { ask, type Forge, page, sessionCookies, signInAt } from '../world/direct-bff.ts'
import { fileStore } from '../world/file-store.ts'
import { createScriptedIssuer, type ScriptedIssuer } from '../world/scripted-issuer.ts'

let issuer: ScriptedIssuer
beforeAll(async () => {
  issuer = await createScriptedIssuer()
})
afterAll(() => issuer.close())
afterEach(() => issuer.reset())

const lines: string[] = []
const destination = { write: (line: string) => void lines.push(line) }

function createOwnBff(): Bff {
  const options = {
    publicUrl: 'http://localhost:3000',
    issuer: issuer.url,
    clientId: 'bff',
    clientAuthentication: { secret: randomToken() },
    sealKeys: [{ kid: 'k1', key: createSecret(randomToken()) }],
    routes: [{ match: '/api/*', upstream: 'http://localhost:9' }],
    issuerTimeout: 1,
    session: { mode: inject('sessionMode') },
  }
  return createBff(options, {
    store: fileStore,
    telemetry: createTelemetry({ service: 'bff', destination }),
  })
}

const signIn = (bff = createOwnBff(), forge?: Forge, query = '') =>
  signInAt({ bff, issuer, forge, query })

describe('an issuer that tells the truth', () => {
  test('signs in', async () => {
    const answer = await signIn()
    expect(answer.status).toBe(303)
    expect(sessionCookies(answer.setCookies)).toHaveLength(1)
  })

  test('may leave out how long its access token lives', async () => {
    issuer.token = { expires_in: undefined }
    expect((await signIn()).status).toBe(303)
  })
})

describe('an authorization response', () => {
  test('A017, A020: of another issuer is refused before any token call', async () => {
    const answer = await signIn(createOwnBff(), (r) => r.set('iss', 'https://other.example'))
    expect(answer.status).toBe(400)
    expect(issuer.requests).not.toContain('/token')
  })

  test('A018: without the iss that the metadata promises is refused before any token call', async () => {
    const answer = await signIn(createOwnBff(), (r) => r.delete('iss'))
    expect(answer.status).toBe(400)
    expect(issuer.requests).not.toContain('/token')
  })

  test('A020: started at another issuer is refused', async () => {
    const other = await createScriptedIssuer()
    const login = await ask(createOwnBff(), '/bff/login')
    const state = new URL(login.location).searchParams.get('state') as string
    const cookie = login.setCookies.map((text) => text.split(';')[0]).join('; ')
    const { url } = issuer
    Object.assign(issuer, { url: other.url })
    const answer = await ask(createOwnBff(), `/bff/callback?code=x&state=${state}&iss=${url}`, [
      ...page,
      'cookie',
      cookie,
    ])
    Object.assign(issuer, { url })
    await other.close()
    expect(answer.status).toBe(400)
    expect(other.requests).not.toContain('/token')
  })
})

describe('an ID token', () => {
  const now = Math.floor(Date.now() / 1000)

  test.each([
    ['A013 no nonce', { nonce: undefined }],
    ['A013 another nonce', { nonce: 'other' }],
    ['A013 a list of nonces', { nonce: ['x'] }],
    ['A013 a numeric nonce', { nonce: 1 }],
    ['OIDC-02 another issuer', { iss: 'https://other.example' }],
    ['OIDC-03 another audience', { aud: 'other' }],
    ['OIDC-03 one more audience', { aud: ['bff', 'other'] }],
    ['OIDC-06 expired', { exp: now - 60 }],
    ['OIDC-06 no exp', { exp: undefined }],
    ['OIDC-06 no iat', { iat: undefined }],
    ['OIDC-06 no sub', { sub: undefined }],
  ])('%s makes no session', async (_what, claims) => {
    issuer.claims = claims as typeof issuer.claims
    const answer = await signIn()
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(sessionCookies(answer.setCookies)).toEqual([])
  })

  test('OIDC-04 signed by a stranger makes no session', async () => {
    issuer.forgesSignature = true
    const answer = await signIn()
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(sessionCookies(answer.setCookies)).toEqual([])
  })

  test('A014: is checked before its access token is used: nothing else is asked', async () => {
    issuer.claims = { nonce: 'other' }
    await signIn()
    const known = new Set(['/.well-known/openid-configuration', '/token', '/jwks'])
    expect(issuer.requests.filter((path) => !known.has(path))).toEqual([])
  })
})

describe('what a sign-in asked for', () => {
  const now = Math.floor(Date.now() / 1000)
  const asking = (query: string) => signIn(createOwnBff(), () => {}, query)

  test.each([
    ['A030 max_age, old auth_time', '?max_age=60', { auth_time: now - 600 }],
    ['A030 max_age, no auth_time', '?max_age=60', {}],
    ['A030 prompt=login, old auth_time', '?prompt=login', { auth_time: now - 600 }],
    ['A030 acr_values, lower acr', '?acr_values=silver%20gold', { acr: 'bronze' }],
    ['A030 acr_values, no acr', '?acr_values=gold', {}],
    ['A030 acr_values, an acr that only contains one', '?acr_values=gold', { acr: 'golden' }],
  ])('%s makes no session', async (_what, query, claims) => {
    issuer.claims = claims
    const answer = await asking(query)
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(sessionCookies(answer.setCookies)).toEqual([])
  })

  test.each([
    ['recent', { auth_time: now }],
    ['not told', {}],
  ])('A030: prompt=login is believed when auth_time is %s', async (_when, claims) => {
    issuer.claims = claims
    expect((await asking('?prompt=login%20consent')).status).toBe(303)
  })

  test('A030: is had when the ID token says so', async () => {
    issuer.claims = { auth_time: now - 5, acr: 'gold' }
    const answer = await asking('?max_age=60&acr_values=silver%20gold')
    expect(answer.status).toBe(303)
    expect(sessionCookies(answer.setCookies)).toHaveLength(1)
  })
})

describe('a token endpoint', () => {
  test.each([
    ['HTML', { contentType: 'text/html', body: '<html>' }],
    ['an array', { body: '[]' }],
    ['a string', { body: '"token"' }],
    ['10 MB', { body: JSON.stringify({ access_token: 'x'.repeat(10_000_000) }) }],
    ['nothing', { body: '' }],
    ['an error', { status: 400, body: '{"error":"invalid_client"}' }],
    ['a refused code', { status: 400, body: '{"error":"invalid_grant"}' }],
    ['a redirect', { status: 302, body: '' }],
    ['500', { status: 500, body: '{}' }],
    ['429', { status: 429, body: '{}' }],
  ])('A025: that answers %s makes no session and no crash', async (_what, answer) => {
    issuer.answer = answer
    const refused = await signIn()
    expect(refused.status).toBeGreaterThanOrEqual(400)
    expect(sessionCookies(refused.setCookies)).toEqual([])
    expect(refused.body).toContain('Sign in again')
  })

  test.each([
    ['no id_token', { id_token: undefined }],
    ['token_type MAC', { token_type: 'MAC' }],
    ['expires_in -1', { expires_in: -1 }],
    ['no access_token', { access_token: undefined }],
  ])('A025: that sends %s makes no session', async (_what, token) => {
    issuer.token = token
    const answer = await signIn()
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(sessionCookies(answer.setCookies)).toEqual([])
  })

  test('A025: that sends expires_in 1e300 is taken for a day at most', async () => {
    issuer.token = { expires_in: 1e300 }
    expect((await signIn()).status).toBe(303)
  })
})

describe('issuer metadata', () => {
  test.each(['javascript:alert(1)', 'data:text/html,x', 'ftp://x.example/', 'authorize'])(
    'A026: with the authorization endpoint %s starts no sign-in',
    async (endpoint) => {
      issuer.metadata = { authorization_endpoint: endpoint }
      const answer = await ask(createOwnBff(), '/bff/login')
      expect(answer.status).toBeGreaterThanOrEqual(500)
      expect(answer.location).toBe('')
    },
  )

  test('A026: with a query in the authorization endpoint keeps it', async () => {
    issuer.metadata = { authorization_endpoint: `${issuer.url}/authorize?tenant=7` }
    const { location } = await ask(createOwnBff(), '/bff/login')
    expect(new URL(location).searchParams.get('tenant')).toBe('7')
    expect(new URL(location).searchParams.get('client_id')).toBe('bff')
  })

  test('OIDC-01: of another issuer starts no sign-in', async () => {
    issuer.metadata = { issuer: 'https://other.example' }
    expect((await ask(createOwnBff(), '/bff/login')).status).toBeGreaterThanOrEqual(500)
  })

  test('BCP-03: without PKCE S256 starts no sign-in', async () => {
    issuer.metadata = { code_challenge_methods_supported: ['plain'] }
    expect((await ask(createOwnBff(), '/bff/login')).status).toBeGreaterThanOrEqual(500)
  })

  test('is asked for again after it could not be had', async () => {
    const bff = createOwnBff()
    issuer.metadata = { issuer: 'https://other.example' }
    expect((await ask(bff, '/bff/login')).status).toBe(502)
    issuer.reset()
    expect((await ask(bff, '/bff/login')).status).toBe(303)
  })
})

test('nothing of all this is in the log', () => {
  expect(lines.length).toBeGreaterThan(10)
  expect(lines.join('')).not.toMatch(/eyJ[\w-]{10}|code=good|opaque/)
})
