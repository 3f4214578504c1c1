import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ask, signInAt } from '../world/direct-bff.ts'
import { createClientKey, createScriptedBff } from '../world/scripted-bff.ts'
import { createScriptedIssuer, type ScriptedIssuer } from '../world/scripted-issuer.ts'

let issuer: ScriptedIssuer
beforeAll(async () => {
  issuer = await createScriptedIssuer()
})
afterAll(() => issuer.close())
afterEach(() => issuer.reset())

const { privateJwk, publicJwk } = createClientKey('ES256')
const clientAuthentication = { privateKey: privateJwk }
const clientKeys = createLocalJWKSet({ keys: [publicJwk] } as unknown as JSONWebKeySet)
const routes = ['a', 'b'].map((name) => ({
  match: `/${name}/*`,
  upstream: 'http://localhost:9',
  resource: `https://${name}.example`,
}))
const requestUri = 'urn:ietf:params:oauth:request_uri:1'

/** Lets requests be pushed. */
function offerPushing(metadata: object = {}) {
  issuer.metadata = { pushed_authorization_request_endpoint: `${issuer.url}/par`, ...metadata }
  const body = JSON.stringify({ request_uri: requestUri, expires_in: 60 })
  issuer.answers['/par'] = () => ({ status: 201, body })
}

const pushed = () => issuer.calls.filter(({ path }) => path === '/par')
const parametersOf = (location: string) => Object.fromEntries(new URL(location).searchParams)

describe('a pushed authorization request', () => {
  test.each([
    ['auto', true, true],
    ['auto', false, false],
    ['always', false, true],
  ] as const)(
    'pushedAuthorization %s, required %s: is made: %s',
    async (when, required, isPushed) => {
      offerPushing({ require_pushed_authorization_requests: required })
      const { bff } = createScriptedBff(issuer.url, { pushedAuthorization: when })
      const login = await ask(bff, '/bff/login')
      expect(pushed()).toHaveLength(isPushed ? 1 : 0)
      expect('request_uri' in parametersOf(login.location)).toBe(isPushed)
    },
  )

  test('FAPI-14: leaves two parameters for the browser, and proves who we are', async () => {
    offerPushing()
    const options = { pushedAuthorization: 'always', clientAuthentication, routes } as const
    const { bff } = createScriptedBff(issuer.url, options)
    const login = await ask(bff, '/bff/login?login_hint=alice')
    expect(parametersOf(login.location)).toEqual({ client_id: 'bff', request_uri: requestUri })
    const form = pushed()[0]?.form as URLSearchParams
    expect(form.getAll('resource')).toEqual(['https://a.example', 'https://b.example'])
    expect(form.get('login_hint')).toBe('alice')
    expect(form.get('code_challenge_method')).toBe('S256')
    expect(form.has('request_uri')).toBe(false)
    const { payload } = await jwtVerify(String(form.get('client_assertion')), clientKeys)
    expect(payload).toMatchObject({ iss: 'bff', sub: 'bff', aud: issuer.url })
  })

  test.each([
    ['invalid_request', 400, 502, 'refuses this sign-in request'],
    ['invalid_scope', 400, 502, 'refuses this sign-in request'],
    ['invalid_grant', 400, 502, 'refuses this sign-in request'],
    ['invalid_client', 401, 502, 'does not accept this application'],
    ['temporarily_unavailable', 400, 503, 'cannot be reached'],
    ['', 503, 503, 'cannot be reached'],
  ])('that is refused with %j %d is a page that says so', async (error, status, shown, text) => {
    offerPushing()
    const planted = { error, error_description: 'planted-description' }
    issuer.answers['/par'] = () => ({ status, body: JSON.stringify(planted) })
    const { bff, lines } = createScriptedBff(issuer.url, { pushedAuthorization: 'always' })
    const answer = await ask(bff, '/bff/login?returnUrl=/orders')
    expect(lines.join('')).toContain(error)
    expect(lines.join('')).not.toContain('planted')
    expect(answer.status).toBe(shown)
    expect(answer.body).toContain(text)
    expect(answer.body).toContain('/bff/login?returnUrl=%2Forders')
    expect(answer.body).not.toContain('planted')
    expect(answer.setCookies).toEqual([])
  })

  test.each([
    ['no request_uri', { expires_in: 60 }],
    ['a request_uri that is no text', { request_uri: 7, expires_in: 60 }],
  ])('that is answered with %s starts no sign-in', async (_what, body) => {
    offerPushing()
    issuer.answers['/par'] = () => ({ status: 201, body: JSON.stringify(body) })
    const { bff } = createScriptedBff(issuer.url, { pushedAuthorization: 'always' })
    expect((await ask(bff, '/bff/login')).status).toBe(502)
  })
})

describe('a signed authorization request', () => {
  const own = createClientKey('PS256')

  test.each([
    ['the client’s key', { clientAuthentication }, publicJwk],
    ['a key of its own', { requestObjectKey: own.privateJwk }, own.publicJwk],
  ] as const)(
    'by %s holds what the plain one would, and nothing else',
    async (_whose, options, key) => {
      issuer.metadata = { authorization_endpoint: `${issuer.url}/authorize?tenant=7` }
      const query = '?acr_values=gold&max_age=60&login_hint=alice'
      const plain = createScriptedBff(issuer.url, { routes, ...options, requestObject: 'auto' })
      const meant = new URL((await ask(plain.bff, `/bff/login${query}`)).location).searchParams
      const signing = createScriptedBff(issuer.url, { routes, ...options, requestObject: 'always' })
      const { location } = await ask(signing.bff, `/bff/login${query}`)
      const { request, ...rest } = parametersOf(location)
      expect(rest).toEqual({ tenant: '7', client_id: 'bff' })

      const keys = createLocalJWKSet({ keys: [key] } as unknown as JSONWebKeySet)
      const { payload, protectedHeader } = await jwtVerify(String(request), keys, {
        issuer: 'bff',
        audience: issuer.url,
        typ: 'oauth-authz-req+jwt',
        requiredClaims: ['exp', 'nbf', 'iat', 'jti'],
      })
      expect(protectedHeader).toMatchObject({ kid: key.kid, alg: key.alg })
      const own = new Set(['iss', 'aud', 'exp', 'nbf', 'iat', 'jti'])
      const claims = Object.fromEntries(Object.entries(payload).filter(([name]) => !own.has(name)))
      const fresh = {
        state: expect.any(String),
        nonce: expect.any(String),
        code_challenge: expect.any(String),
      }
      meant.delete('tenant')
      const { resource: _, ...texts } = Object.fromEntries(meant)
      const resource = ['https://a.example', 'https://b.example']
      expect(claims).toEqual({ ...texts, max_age: 60, resource, ...fresh })
      expect(meant.getAll('resource')).toEqual(resource)
    },
  )

  test('is made when the issuer requires it, and can be pushed', async () => {
    offerPushing({
      require_signed_request_object: true,
      require_pushed_authorization_requests: true,
    })
    const { bff } = createScriptedBff(issuer.url, { clientAuthentication })
    const { location } = await ask(bff, '/bff/login')
    expect(parametersOf(location)).toEqual({ client_id: 'bff', request_uri: requestUri })
    const form = pushed()[0]?.form as URLSearchParams
    expect([...form.keys()].sort()).toEqual([
      ...['client_assertion', 'client_assertion_type', 'client_id', 'request'],
    ])
    expect(decodeJwt(String(form.get('request')))).toMatchObject({ response_type: 'code' })
  })

  test('names EdDSA as its key does', async () => {
    for (const alg of ['EdDSA', 'Ed25519'] as const) {
      const key = createClientKey(alg)
      const clientAuthentication = { privateKey: key.privateJwk }
      const { bff } = createScriptedBff(issuer.url, { clientAuthentication })
      expect((await signInAt({ bff, issuer })).status).toBe(303)
      const assertion = issuer.calls.at(-2)?.form.get('client_assertion') ?? ''
      const header = JSON.parse(Buffer.from(assertion.split('.')[0] ?? '', 'base64url').toString())
      expect(header).toEqual({ alg, kid: key.privateJwk.kid })
    }
  })
})

describe('an issuer that lacks what is needed', () => {
  test('starts no sign-in, and the log names all of it', async () => {
    issuer.metadata = { code_challenge_methods_supported: ['plain'] }
    const options = { pushedAuthorization: 'always' } as const
    const { bff, lines } = createScriptedBff(issuer.url, options)
    const answer = await ask(bff, '/bff/login')
    expect(answer.status).toBe(502)
    expect(answer.body).toContain('ERR_IDP_UNSUITABLE')
    expect(lines.join('')).toMatch(/S256.*pushed_authorization_request_endpoint is missing/)
    await expect(bff.prepare()).rejects.toMatchObject({ code: 'ERR_IDP_UNSUITABLE' })
  })
})
