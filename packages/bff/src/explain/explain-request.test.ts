import { createSecret, randomToken } from '@sallyport/core'
import { createMemoryStore } from '@sallyport/session/memory'
import { createTelemetry } from '@sallyport/telemetry'
import { afterAll, describe, expect, test } from 'vitest'
import type { RequestHead } from '../decision.ts'
import { checkFrontends } from '../frontends/check-frontends.ts'
import { createFrontends } from '../frontends/create-frontends.ts'
import type { BffOptions } from '../options.ts'
import { explainRequest } from './explain-request.ts'

const secret = `planted-${randomToken()}`
const base = {
  ...{ issuer: 'https://id.example', clientId: 'bff', clientAuthentication: { secret } },
  sealKeys: [{ kid: 'k1', key: createSecret(randomToken()) }],
}
const app: BffOptions = {
  ...{ ...base, publicUrl: 'https://app.example' },
  routes: [
    { match: '/api/*', upstream: 'http://all.internal/v1', token: 'none' },
    { match: '/api/orders/{id}', upstream: 'http://orders.internal/o/{id}', methods: ['GET'] },
    {
      ...{ match: '/open/{id}', upstream: 'http://open.internal/{id}', token: 'none' },
      requestHeaders: { set: { 'X-Key': 'planted-key' }, remove: ['Accept'] },
      responseHeaders: { set: { 'X-Own': '1' }, remove: ['ETag'] },
    },
    { match: '/open/{other}', upstream: 'http://open.internal', methods: ['LINK'] },
    {
      match: '/open/*',
      upstream: 'http://rest.internal',
      token: 'user-or-none',
      cache: 'upstream',
    },
    {
      ...{ match: '/mine/*', upstream: 'http://mine.internal', token: 'user-or-client' },
      ...{ resource: 'https://mine.example', scopes: ['a', 'b'] },
    },
  ],
}
const options = { frontends: [app, { ...base, publicUrl: 'https://shop.example/shop' }] }
const config = checkFrontends(options)
const frontends = createFrontends(options, {
  store: createMemoryStore(),
  telemetry: createTelemetry({ service: 'bff', level: 'silent' }),
})
afterAll(() => frontends.close())

const explain = (method: string, target: string, host = 'app.example') =>
  explainRequest(config, { method, target, host })

/** What a script of the application sends that nobody has signed in to. */
function decide(method: string, target: string, host = 'app.example') {
  const own = ['host', host, 'x-csrf', '1', 'sec-fetch-site', 'same-origin']
  const head: RequestHead = { method, target, headers: own, remoteAddress: '192.0.2.1' }
  return frontends.decide(head)
}

describe('an explanation says what happens', () => {
  test.each([
    ['GET', '/api/x?a=1'],
    ['PUT', '/open/7'],
    ['GET', '/open/7/lines?x'],
    ['GET', '/api'],
  ])('to what goes to an upstream: %s %s', async (method, target) => {
    const { outcome } = explain(method, target)
    const decision = await decide(method, target)
    if (outcome.kind !== 'route' || decision.kind !== 'forward') throw new Error(outcome.kind)
    expect(outcome.upstream).toBe(`${decision.origin}${decision.path}`)
    expect(outcome.match).toBe(decision.route)
    expect(outcome.limits.timeout).toBe(decision.timeout)
    const names = decision.headers.filter((_, i) => i % 2 === 0)
    // There is a trace only around real requests, and a token only with a session.
    const told = outcome.request.set.map(({ name }) => name)
    expect(told.filter((name) => name !== 'traceparent' && name !== 'authorization')).toEqual(names)
    const answer = decision.responseHeaders([])
    const said = outcome.response.set.flatMap(({ name, value }) => [name, value])
    expect(answer.slice(answer.length - said.length)).toEqual(said)
  })

  test.each([
    ['DELETE', '/api/orders/7'],
    ['GET', '/api/../x'],
    ['GET', '/api/orders/;x'],
    ['GET', '/bff/none'],
    ['POST', '/bff/user'],
    ['GET', '/', 'none.example'],
    ['GET', '/other', 'shop.example'],
    ['GET', '/shop//x', 'shop.example'],
    ['GET', '/shop/bff', 'shop.example'],
  ])('to what is refused: %s %s', async (method, target, host?: string) => {
    const { outcome } = explain(method, target, host)
    const decision = await decide(method, target, host)
    if (outcome.kind !== 'refused' || decision.kind !== 'respond') throw new Error(outcome.kind)
    expect(outcome.status).toBe(decision.status)
    expect(decision.body).toContain(outcome.code)
    expect(outcome.why).not.toBe('')
    const at = decision.headers.indexOf('allow')
    expect(outcome.allow?.join(', ')).toBe(at < 0 ? undefined : decision.headers[at + 1])
  })

  test.each([
    ['GET', '/page', 'app.example', '/page'],
    ['POST', '/shop/page', 'shop.example', '/page'],
  ])('to what is passed on: %s %s', async (method, target, host, path) => {
    expect(explain(method, target, host).outcome).toEqual({ kind: 'pass', path })
    expect(await decide(method, target, host)).toMatchObject({ kind: 'pass', path })
  })

  test.each([
    ['GET', '/bff/native/login', ['sec-fetch-mode', 'navigate']],
    ['POST', '/bff/native/token', []],
    ['POST', '/bff/signals', []],
    ['GET', '/bff/frontchannel', ['sec-fetch-dest', 'iframe']],
  ])('to who may call what the options leave out: %s %s', async (method, target, more) => {
    expect(explain(method, target).outcome).toMatchObject({ code: 'ERR_ROUTE_NOT_FOUND' })
    const headers = ['host', 'app.example', ...more]
    const decision = await frontends.decide({ method, target, headers, remoteAddress: '::1' })
    expect(decision).toMatchObject({ kind: 'respond', status: 404 })
  })

  test('to a caller who is refused', async () => {
    const { outcome } = explain('GET', '/api/orders/7')
    if (outcome.kind !== 'route') throw new Error(outcome.kind)
    const visitor = outcome.callers.find(({ caller }) => caller === 'visitor')
    expect(visitor?.refused).toEqual({ code: 'ERR_LOGIN_REQUIRED', status: 401 })
    expect(await decide('GET', '/api/orders/7')).toMatchObject({ kind: 'respond', status: 401 })
  })
})

test('it says who calls, with what, and which token goes along', () => {
  const { outcome } = explain('GET', '/mine/x')
  const token = { resource: 'https://mine.example', scopes: ['a', 'b'] }
  expect(outcome).toMatchObject({
    callers: [
      { caller: 'session', token: { ...token, kind: 'user', grant: 'refresh' } },
      { caller: 'visitor', token: { ...token, kind: 'client', grant: 'client_credentials' } },
    ],
  })
  const open = explain('GET', '/open/7/lines').outcome
  expect(open).toMatchObject({
    callers: [
      { needs: [expect.stringContaining('x-csrf'), expect.anything()], token: { kind: 'user' } },
      { needs: [expect.not.stringContaining('x-csrf')], token: { kind: 'none' } },
    ],
  })
})

test('it names an endpoint, and who may call it', () => {
  expect(explain('GET', '/bff/user').outcome).toMatchObject({ path: '/bff/user', caller: 'script' })
  expect(explain('DELETE', `/bff/sessions/${'a'.repeat(43)}`).outcome).toMatchObject({
    path: '/bff/sessions/{id}',
  })
})

test.each([
  ['GET', '/api/orders/7', ['/api/*: matches too, less specifically']],
  [
    'GET',
    '/open/7',
    [
      '/open/{other}: has this pattern, for other methods',
      '/open/*: matches too, less specifically',
    ],
  ],
  ['GET', '/api/orders', ['/api/orders/{id}: goes on with "{id}"']],
  ['GET', '/api/ordres/7', ['/api/orders/{id}: has "orders" where the path has "ordres"']],
  ['GET', '/page', []],
])('it names the routes that nearly had it: %s %s', (method, target, expected) => {
  const { others } = explain(method, target)
  expect(others.map(({ match, why }) => `${match}: ${why}`)).toEqual(expected)
})

test('it looks no tenant up', () => {
  const tenants = { resolve: () => Promise.reject(new Error('asked')) }
  const withTenants = checkFrontends({ ...options, tenants })
  const at = (host: string) =>
    explainRequest(withTenants, { method: 'GET', target: '/', host }).outcome
  expect(at('tenant.example')).toEqual({ kind: 'tenant' })
  expect(at('app.example').kind).toBe('pass')
})

test('it holds no secret', () => {
  const all = ['/open/7', '/api/orders/7', '/bff/user', '/api/../x'].map((at) => explain('GET', at))
  expect(JSON.stringify(all)).toContain('<set by the route>')
  expect(JSON.stringify(all)).not.toContain('planted')
})
