import type { Lane } from '@sallyport/gateway'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, Browser } from '../world/browser.ts'
import type { Recorded } from '../world/recorder.ts'
import { createWorld, type World } from '../world/world.ts'

const both: Record<string, Lane[]> = { node: ['node'], fast: ['fast', 'node'] }

describe.each(Object.entries(both))('a route’s headers and paths, on the %s lane', (_, lanes) => {
  let world: World
  let browser: Browser
  beforeAll(async () => {
    world = await createWorld({
      gateway: ({ bff, ...rest }) => {
        const [orders] = bff.routes ?? []
        const origin = new URL(orders?.upstream ?? '').origin
        const resource = orders?.resource
        const tenant = {
          ...{ match: '/api/{tenant}/files/*', upstream: `${origin}/v2/{tenant}`, resource },
          ...{ methods: ['GET', 'HEAD'], requestCookies: ['theme'], responseCookies: ['theme'] },
          requestHeaders: { set: { 'X-API-Key': 'gateway-key' }, remove: ['User-Agent'] },
          responseHeaders: { set: { 'Content-Disposition': 'attachment' }, remove: ['ETag'] },
          redirectOrigins: ['https://files.example'],
          cache: 'upstream' as const,
        }
        const upload = { ...tenant, match: '/api/{owner}/files/*', methods: ['PUT'] }
        const uploads = { ...upload, upstream: `${origin}/uploads/{owner}` }
        const routes = [...(bff.routes ?? []), tenant, uploads]
        return { ...rest, lanes, bff: { ...bff, routes } }
      },
    })
    browser = await world.signIn()
  })
  afterAll(() => world.close())

  /** Calls as the page does, and gives what the upstream got to see as well. */
  async function call(
    path: string,
    answer: string[] = [],
    { method = 'GET', status = 200, headers = [] as string[] } = {},
  ): Promise<{ answer: Answer; recorded: Recorded }> {
    world.orders.answer = (_, response) => {
      response.writeHead(status, [...answer, 'Content-Length', '0'])
      response.end()
    }
    const given = await browser.call(`${world.app}${path}`, { method, headers })
    expect(given.status).toBe(status)
    return { answer: given, recorded: world.orders.requests.at(-1) as Recorded }
  }

  test('parameters go from segment to segment, and the method chooses among routes', async () => {
    const got = await call('/api/acme/files/a/b?x=1')
    expect(got.recorded.path).toBe('/v2/acme/a/b?x=1')
    const put = await call('/api/acme/files/a', [], { method: 'PUT', status: 201 })
    expect(put.recorded.path).toBe('/uploads/acme/a')
    const orders = await call('/api/orders/files/a')
    expect(orders.recorded.path).toBe('/orders/files/a')
    const before = world.orders.requests.length
    const refused = await browser.call(`${world.app}/api/acme/files/a`, { method: 'DELETE' })
    expect(refused.status).toBe(405)
    expect(refused.header('allow')).toBe('GET, HEAD, PUT')
    expect(world.orders.requests).toHaveLength(before)
  })

  test.each([
    ['A170', '/api/%2e%2e/files/x'],
    ['A170', '/api/%252e%252e/files/x'],
    ['A170', '/api/a%252fadmin/files/x'],
    ['A172', '/api/;x/files/x'],
    ['A173', '/api/a%2fb/files/x'],
  ])('%s: a parameter is one segment, or the request is refused: %s', async (_row, path) => {
    const before = world.orders.requests.length
    const answer = await browser.call(`${world.app}${path}`)
    expect(answer.status).toBe(400)
    expect(world.orders.requests).toHaveLength(before)
  })

  test('a route adds and removes what its configuration says, whatever the client does', async () => {
    const headers = ['User-Agent', 'x', 'X-API-Key', 'evil', 'Connection', 'close, x-api-key']
    const { recorded, answer } = await call('/api/acme/files/x', ['ETag', '"1"'], { headers })
    expect(recorded.header('x-api-key')).toBe('gateway-key')
    expect(recorded.header('user-agent')).toBeUndefined()
    expect(answer.header('etag')).toBeUndefined()
    expect(answer.header('content-disposition')).toBe('attachment')
    expect(JSON.stringify(world.logLines)).not.toContain('gateway-key')
  })

  test.each([
    '__Host-Http-bff=evil; Path=/; Secure; HttpOnly',
    '=__Host-Http-bff=evil',
    'other=evil; Path=/',
    'theme=evil, __Host-Http-bff=evil',
  ])('A150: %s of an upstream never becomes a cookie', async (cookie) => {
    const { answer } = await call('/api/acme/files/x', ['Set-Cookie', cookie])
    expect(answer.headers('set-cookie').join()).not.toContain('evil')
    expect((await browser.call(`${world.app}/bff/user`)).status).toBe(200)
  })

  test('A150, A152: a cookie that is named becomes the frontend’s, and no other goes back', async () => {
    const set = ['Set-Cookie', 'theme=dark; Domain=localhost; Path=/v2; SameSite=None']
    const { answer } = await call('/api/acme/files/x', set)
    expect(answer.headers('set-cookie')).toContain('theme=dark; Path=/; Secure; SameSite=Lax')
    expect(answer.header('cache-control')).toBe('no-store')
    const there = await call('/api/acme/files/x')
    expect(there.recorded.header('cookie')).toBe('theme=dark')
    const elsewhere = await call('/api/orders', set)
    expect(elsewhere.recorded.header('cookie')).toBeUndefined()
    expect(elsewhere.answer.headers('set-cookie').join()).not.toContain('theme')
  })

  test('A153: what speaks for the origin, for a proxy or for the software stays inside', async () => {
    const names = [
      ...['Strict-Transport-Security', 'Clear-Site-Data', 'Alt-Svc', 'Refresh', 'Server', 'Via'],
      ...['X-Powered-By', 'WWW-Authenticate', 'Access-Control-Allow-Origin', 'X-Accel-Redirect'],
      ...['Service-Worker-Allowed', 'SourceMap', 'Content-Security-Policy', 'Expires', 'Pragma'],
    ]
    const { answer } = await call(
      '/api/orders',
      names.flatMap((name) => [name, 'evil']),
    )
    expect(JSON.stringify(answer.rawHeaders)).not.toContain('evil')
  })

  test.each([
    ['/v2/acme/y?z=1#a', '/api/acme/files/y?z=1#a'],
    ['y', '/api/acme/files/y'],
    ['/orders/7', '/api/orders/7'],
    ['/v2/other/y', '/api/other/files/y'],
    ['https://files.example/y?sig=1', 'https://files.example/y?sig=1'],
    ['https://evil.example/y', undefined],
    ['//evil.example/y', undefined],
    ['/internal', undefined],
    ['/v2/%252e%252e/y', undefined],
  ])(
    'A153, A154: Location %s becomes %s, and nobody here follows it',
    async (location, expected) => {
      const before = world.orders.requests.length
      const { answer } = await call('/api/acme/files/x', ['Location', location], { status: 302 })
      expect(answer.header('location')).toBe(expected)
      expect(world.orders.requests).toHaveLength(before + 1)
    },
  )

  test('A160: what may be kept is for this browser and this session alone', async () => {
    const { answer } = await call('/api/acme/files/x', ['Cache-Control', 'public, max-age=60'])
    expect(answer.header('cache-control')).toBe('private, max-age=60')
    expect(answer.header('vary')).toBe('cookie, authorization')
    const other = await call('/api/orders', ['Cache-Control', 'public, max-age=60'])
    expect(other.answer.header('cache-control')).toBe('no-store')
  })
})
