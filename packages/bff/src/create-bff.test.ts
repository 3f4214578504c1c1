import { createSecret, randomToken, sha256 } from '@sallyport/core'
import type { SessionKey, SessionStore } from '@sallyport/session'
import { createMemoryStore } from '@sallyport/session/memory'
import { createTelemetry } from '@sallyport/telemetry'
import { describe, expect, test } from 'vitest'
import { createBff } from './create-bff.ts'
import type { Decision, RequestHead } from './decision.ts'
import { createSessions } from './sessions/create-sessions.ts'

const telemetry = createTelemetry({ service: 'bff', level: 'silent' })
const clock = () => 1_000_000
const sealKeys = [{ kid: 'k1', key: createSecret(randomToken()) }]
const options = {
  publicUrl: 'https://app.example',
  issuer: 'https://idp.example',
  clientId: 'bff',
  clientAuthentication: { secret: randomToken() },
  sealKeys,
  routes: [
    { match: '/api/*', upstream: 'http://api.internal/v1' },
    { match: '/public/*', upstream: 'http://api.internal', token: 'none' as const },
  ],
}

function createOwnBff(store: SessionStore) {
  return createBff(options, { store, telemetry, clock })
}

function request(target: string, headers: string[] = []): RequestHead {
  const own = ['host', 'app.example', 'x-csrf', '1', 'sec-fetch-site', 'same-origin']
  return { method: 'GET', target, headers: [...own, ...headers], remoteAddress: '::1' }
}

/** A session with a token that is good, put into a store. */
async function signedIn(store: SessionStore): Promise<string> {
  const { config } = createOwnBff(store)
  const later = () => {}
  const sessions = createSessions({ config, store, clock, log: telemetry.log, later })
  const claims = { iss: 'https://idp.example', sub: 'alice', aud: 'bff', iat: 1, exp: 2 }
  const token = {
    accessToken: 'good',
    tokenType: 'Bearer' as const,
    obtainedAt: clock(),
    expiresAt: clock() + 300,
  }
  const content = { claims, idToken: 'id', refreshToken: 'refresh', accessTokens: { '': token } }
  const { setCookies } = await sessions.create({ claims, content, startedAt: clock() })
  return /^__Host-Http-bff=([^;]+)/.exec(setCookies[0] ?? '')?.[1] as string
}

const problem = (decision: Decision) => {
  if (decision.kind !== 'respond') throw new Error(`not answered but ${decision.kind}`)
  return { status: decision.status, ...JSON.parse(decision.body) }
}

describe('a decision', () => {
  test('is made at once when nothing has to be waited for', async () => {
    const store = createMemoryStore({ clock })
    const id = await signedIn(store)
    const decision = createOwnBff(store).decide(
      request('/api/x', ['cookie', `__Host-Http-bff=${id}`]),
    )
    expect(decision).not.toBeInstanceOf(Promise)
    expect(decision).toMatchObject({
      kind: 'forward',
      origin: 'http://api.internal',
      path: '/v1/x',
    })
  })

  test('goes to an open route without a session, and without its token when there is one', async () => {
    const store = createMemoryStore({ clock })
    const id = await signedIn(store)
    const bff = createOwnBff(store)
    for (const headers of [[], ['cookie', `__Host-Http-bff=${id}`]]) {
      const decision = await bff.decide(request('/public/x', headers))
      expect(decision).toMatchObject({ kind: 'forward', path: '/x' })
      expect(JSON.stringify(decision)).not.toMatch(/authorization|good|cookie/)
    }
  })

  test('passes on what is not the BFF’s', () => {
    const bff = createOwnBff(createMemoryStore())
    expect(bff.decide(request('/orders'))).toEqual({
      ...{ kind: 'pass', path: '/orders', answerFailure: expect.any(Function) },
      frontend: 'https://app.example',
    })
  })

  test.each(['/bff', '/bff/', '/bff/user/', '/bff/user.js', '/bff/user;x', '/bff/nothing'])(
    'A156: %s is not found: the BFF’s own paths are exact',
    async (target) =>
      expect(problem(await createOwnBff(createMemoryStore()).decide(request(target))).status).toBe(
        404,
      ),
  )

  test('A148: of every route needs the anti-forgery proof before it looks for a session', async () => {
    const bff = createOwnBff(createMemoryStore())
    for (const target of ['/bff/user', '/api/x', '/api']) {
      const head = {
        ...request(target),
        headers: ['host', 'app.example', 'sec-fetch-site', 'cross-site'],
      }
      expect(problem(await bff.decide(head))).toMatchObject({
        status: 403,
        code: 'ERR_CSRF_REJECTED',
      })
    }
  })
})

describe('a store that fails', () => {
  const failure = () => {
    throw new Error('disk gone')
  }
  const rejection = () => Promise.reject(new Error('connection lost'))

  test.each([
    ['throws', failure],
    ['rejects', rejection],
  ])('and %s is 503, never "signed out"', async (_how, get) => {
    const store = { ...createMemoryStore(), get }
    for (const target of ['/api/x', '/bff/user']) {
      const decision = await createOwnBff(store).decide(
        request(target, ['cookie', `__Host-Http-bff=${randomToken()}`]),
      )
      expect(problem(decision)).toMatchObject({
        status: 503,
        code: 'ERR_SESSION_STORE_UNAVAILABLE',
      })
      expect(JSON.stringify(decision)).toContain('retry-after')
      expect(JSON.stringify(decision)).not.toMatch(/set-cookie|disk gone|connection lost/)
    }
  })
})

describe('a session at rest', () => {
  test('shows no token and not the cookie', async () => {
    const store = createMemoryStore({ clock })
    const id = await signedIn(store)
    const record = await store.get(sha256(id) as SessionKey)
    expect(JSON.stringify(record)).not.toMatch(/good|refresh|"id"/)
    expect(JSON.stringify(record)).not.toContain(id)
  })

  test('A076: with a key that was removed is no session; with an older one it is', async () => {
    const store = createMemoryStore({ clock })
    const id = await signedIn(store)
    const head = request('/bff/user', ['cookie', `__Host-Http-bff=${id}`])
    const fresh = { kid: 'k2', key: createSecret(randomToken()) }
    const rotated = createBff(
      { ...options, sealKeys: [fresh, ...sealKeys] },
      { store, telemetry, clock },
    )
    expect(await rotated.decide(head)).toMatchObject({ status: 200 })
    const removed = createBff({ ...options, sealKeys: [fresh] }, { store, telemetry, clock })
    expect(await removed.decide(head)).toMatchObject({ status: 401 })
  })

  test('of another frontend is no session', async () => {
    const store = createMemoryStore({ clock })
    const id = await signedIn(store)
    const other = createBff(
      { ...options, publicUrl: 'https://other.example' },
      { store, telemetry, clock },
    )
    const head = request('/bff/user', ['cookie', `__Host-Http-bff=${id}`])
    const headers = head.headers.map((value) => (value === 'app.example' ? 'other.example' : value))
    expect(await other.decide({ ...head, headers })).toMatchObject({ status: 401 })
  })
})
