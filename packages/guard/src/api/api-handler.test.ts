import { createConnection } from 'node:net'
import { SallyportError } from '@sallyport/core'
import { createTelemetry } from '@sallyport/telemetry'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createGuard } from '../guard.ts'
import { audience, type LoopbackIssuer, startIssuer } from '../testing/loopback-issuer.ts'
import { type LoopbackServer, listen } from '../testing/loopback-server.ts'
import { createApiHandler } from './api-handler.ts'
import type { ApiRoute } from './routes.ts'

let issuer: LoopbackIssuer
let api: LoopbackServer
let lines: Record<string, unknown>[]

const routes: ApiRoute[] = [
  {
    method: 'GET',
    path: '/items/{sku}',
    scopes: ['inventory.read'],
    handle: ({ params, query, claims }) => ({
      status: 200,
      body: { sku: params.sku, page: query.get('page'), sub: claims.sub },
    }),
  },
  {
    method: 'POST',
    path: '/items',
    scopes: ['inventory.read'],
    async handle({ readJson }) {
      const body = await readJson(z.strictObject({ quantity: z.int().min(1) }))
      return body.ok ? { status: 201, body: body.value } : body.answer
    },
  },
  { method: 'DELETE', path: '/items/{sku}', scopes: ['x'], handle: () => ({ status: 204 }) },
  { method: 'GET', path: '/health', public: true, handle: () => ({ status: 200, body: {} }) },
  {
    method: 'GET',
    path: '/broken',
    public: true,
    handle() {
      throw new Error('the secret reason')
    },
  },
  {
    method: 'GET',
    path: '/late',
    scopes: [],
    async handle() {
      throw new SallyportError('ERR_TOKEN_INVALID', 'the exchange was refused')
    },
  },
  {
    method: 'GET',
    path: '/down',
    public: true,
    async handle() {
      throw new SallyportError('ERR_IDP_UNAVAILABLE', 'no answer')
    },
  },
]

beforeEach(async () => {
  issuer = await startIssuer()
  lines = []
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) }
  const telemetry = createTelemetry({ service: 'inventory', destination })
  const guard = createGuard({ issuer: issuer.issuer, audience }, { telemetry })
  api = await listen(createApiHandler({ guard, routes, telemetry }))
})

afterEach(async () => {
  await api.close()
  await issuer.close()
})

async function ask(path: string, init: RequestInit = {}) {
  const headers = { authorization: `Bearer ${await issuer.sign()}`, ...init.headers }
  const response = await fetch(`${api.origin}${path}`, { ...init, headers })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text && JSON.parse(text) }
}

function post(body: string, contentType = 'application/json') {
  return ask('/items', { method: 'POST', body, headers: { 'content-type': contentType } })
}

describe('createApiHandler', () => {
  test('hands parameters, query and claims to the route', async () => {
    const { status, headers, body } = await ask('/items/A%2F1?page=2')

    expect(status).toBe(200)
    expect(body).toEqual({ sku: 'A/1', page: '2', sub: 'alice' })
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })

  test('refuses who brings no token, before the route sees anything', async () => {
    const response = await fetch(`${api.origin}/items/a`)

    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toContain(`Bearer realm="${audience}"`)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ code: 'ERR_TOKEN_MISSING' })
  })

  test('asks for the scopes of the route', async () => {
    expect(await ask('/items/a', { method: 'DELETE' })).toMatchObject({ status: 403 })
    expect(await ask('/health')).toMatchObject({ status: 200 })
  })

  test('two Authorization headers on the wire are refused', async () => {
    const line = `Authorization: Bearer ${await issuer.sign()}\r\n`
    const { hostname, port } = new URL(api.origin)
    const socket = createConnection(Number(port), hostname)
    socket.end(`GET /items/a HTTP/1.1\r\nHost: x\r\n${line}${line}Connection: close\r\n\r\n`)
    let received = ''
    for await (const chunk of socket) received += chunk

    expect(received).toMatch(/^HTTP\/1\.1 400 /)
    expect(received).toContain('error="invalid_request"')
  })

  test.each([
    ['/nothing', 404],
    ['/items', 405],
    ['/items/', 404],
    ['/items/a/b', 404],
    ['/items/%E0%A4%A', 404],
    ['//items/a', 404],
  ])('%s is answered by %i', async (path, status) => {
    expect(await ask(path)).toMatchObject({ status, body: { status } })
  })

  test('names the methods there are', async () => {
    const { headers } = await ask('/items/a', { method: 'PATCH' })
    expect(headers.get('allow')).toBe('GET, DELETE')
  })

  test('reads a valid body', async () => {
    expect(await post('{"quantity":2}')).toMatchObject({ status: 201, body: { quantity: 2 } })
  })

  test.each([
    ['{"quantity":0}', 'application/json', 'quantity: '],
    ['{"quantity":1,"price":0}', 'application/json', 'price'],
    ['[]', 'application/json', 'expected object'],
    ['{', 'application/json', 'not JSON'],
    ['', 'application/json', 'not JSON'],
    ['quantity=1', 'application/x-www-form-urlencoded', 'application/json'],
    [`"${'x'.repeat(70_000)}"`, 'application/json', '65536 bytes'],
  ])('says what is wrong with a body (%#)', async (body, contentType, detail) => {
    const answer = await post(body, contentType)

    expect(answer).toMatchObject({ status: 400, body: { code: 'ERR_REQUEST_INVALID' } })
    expect(answer.body.detail).toContain(detail)
  })

  test('an error is a problem that does not say why; the log does', async () => {
    const { status, body } = await ask('/broken')

    expect(status).toBe(500)
    expect(body).toEqual({
      type: 'urn:sallyport:problem:internal',
      title: 'Internal error',
      status: 500,
      code: 'ERR_INTERNAL',
    })
    expect(JSON.stringify(lines)).toContain('the secret reason')
  })

  test('a refused exchange asks for a new token; an issuer that is down, for patience', async () => {
    const late = await ask('/late')
    expect(late.status).toBe(401)
    expect(late.headers.get('www-authenticate')).toContain('error="invalid_token"')
    const down = await ask('/down')
    expect(down.status).toBe(503)
    expect(down.headers.get('retry-after')).toBe('5')
  })

  test('each request is one line with the caller’s trace, and no token', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c'
    const accessToken = await issuer.sign()
    await ask('/items/a', {
      headers: {
        traceparent: `00-${traceId}-b7ad6b7169203331-01`,
        authorization: `Bearer ${accessToken}`,
      },
    })

    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({
      message: 'Request',
      method: 'GET',
      route: '/items/{sku}',
      status: 200,
      sub: 'alice',
      client_id: 'bff',
      trace_id: traceId,
    })
    expect(JSON.stringify(lines)).not.toContain(accessToken.split('.')[2])
  })

  test('a route must name scopes or say that it is public', () => {
    const guard = createGuard({ issuer: issuer.issuer, audience })
    const handle = () => ({ status: 200 })
    const wrong = [
      { method: 'GET', path: '/x', handle },
      { method: 'GET', path: '/x', public: false, handle },
      { method: 'GET', path: '/x', public: true, scopes: [], handle },
      { method: 'GET', path: '/x', scopes: 'read', handle },
      { method: 'GET', path: 'x', scopes: [], handle },
    ]
    for (const route of wrong) {
      expect(() => createApiHandler({ guard, routes: [route as never] })).toThrow(TypeError)
    }
  })
})
