import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Browser } from '../world/browser.ts'
import { head, ownLines, sendRaw } from '../world/raw.ts'
import { createWorld, type World } from '../world/world.ts'

let world: World
let alice: Browser
beforeAll(async () => {
  world = await createWorld()
  alice = await world.signIn()
})
afterAll(() => world.close())
afterEach(() => {
  world.orders.answer = undefined
})

const api = () => `${world.app}/api/orders`
const get = (...lines: string[]) =>
  sendRaw(world.app, head('GET /api/orders HTTP/1.1', ...ownLines(world.app, alice), ...lines))

describe('an answer', () => {
  test('to HEAD has its length and no body', async () => {
    world.orders.answer = (_incoming, response) => {
      response.writeHead(200, { 'content-length': 5 }).end('hello')
    }
    const lines = [...ownLines(world.app, alice), 'Connection: close']
    const answer = await sendRaw(world.app, head('HEAD /api/orders HTTP/1.1', ...lines))
    expect(answer.text).toMatch(/^HTTP\/1.1 200.*content-length: 5\r\n.*\r\n\r\n$/s)
    expect(world.orders.requests.at(-1)?.method).toBe('HEAD')
  })

  test.each([204, 304])('%i has no body, and the connection goes on', async (status) => {
    let asked = 0
    world.orders.answer = (_incoming, response) => {
      asked += 1
      if (asked === 1) response.writeHead(status, { etag: '"1"' }).end()
      else response.end('second')
    }
    const own = ownLines(world.app, alice)
    const first = head('GET /api/orders HTTP/1.1', ...own, 'If-None-Match: "1"')
    const second = head('GET /api/orders/2 HTTP/1.1', ...own, 'Connection: close')
    let isSent = false
    const answer = await sendRaw(world.app, first, {
      onText(text, write) {
        if (isSent || !text.includes('\r\n\r\n')) return
        isSent = true
        write(second)
      },
    })
    expect(answer.statuses).toEqual([status, 200])
    expect(answer.text).toContain('etag: "1"')
  })

  test('in chunks stays in chunks, and for HTTP/1.0 ends with the connection', async () => {
    world.orders.answer = (_incoming, response) => {
      response.write('one')
      response.end('two')
    }
    const modern = await get('Connection: close')
    expect(modern.text.toLowerCase()).toContain('transfer-encoding: chunked')
    expect(modern.text).toMatch(/0\r\n\r\n$/)
    const lines = ownLines(world.app, alice)
    const old = await sendRaw(world.app, head('GET /api/orders HTTP/1.0', ...lines))
    expect(old.text.toLowerCase()).not.toContain('transfer-encoding')
    expect(old.text).toMatch(/\r\n\r\nonetwo$/)
    expect(old.end).toBe('closed')
  })

  test.each([200, 201, 206, 400, 401, 403, 404, 409, 418, 422, 429, 500, 503])(
    'of status %i passes with its body',
    async (status) => {
      world.orders.answer = (_incoming, response) => {
        response.writeHead(status, { 'content-type': 'application/problem+json', 'x-own': '1' })
        response.end('{"title":"theirs"}')
      }
      const answer = await alice.call(api())
      expect([answer.status, answer.text]).toEqual([status, '{"title":"theirs"}'])
      expect(answer.header('x-own')).toBe('1')
    },
  )

  const reply = async (status: number, headers: Record<string, string | string[]>) => {
    world.orders.answer = (_incoming, response) =>
      void response.writeHead(status, headers).end('{}')
    return alice.call(`${api()}/7/lines`, { method: 'POST', body: '{}' })
  }

  test('A150: sets no cookie of an upstream', async () => {
    const before = new Map(alice.cookies)
    const answer = await reply(200, {
      'set-cookie': ['__Host-Http-bff=evil; Path=/; Secure; HttpOnly', 'a=b', '__Host-Http-bff='],
      'Set-Cookie2': 'a=b',
    })
    expect(answer.rawHeaders.join().toLowerCase()).not.toContain('cookie')
    expect(alice.cookies).toEqual(before)
  })

  test('A153: does not speak for the whole origin, nor to a proxy in front', async () => {
    const names = [
      ...['Clear-Site-Data', 'Strict-Transport-Security', 'Refresh', 'Alt-Svc', 'SourceMap'],
      ...['Service-Worker-Allowed', 'Content-Security-Policy-Report-Only', 'NEL', 'Report-To'],
      ...['X-Accel-Redirect', 'X-Sendfile', 'CDN-Cache-Control', 'Surrogate-Control', 'Expires'],
      ...['Server', 'X-Powered-By', 'Via', 'WWW-Authenticate', 'Proxy-Authenticate', 'Pragma'],
    ]
    const answer = await reply(200, Object.fromEntries(names.map((name) => [name, 'evil'])))
    expect(answer.rawHeaders.join()).not.toContain('evil')
  })

  test.each([
    [201, '8', '/api/orders/7/8'],
    [201, '/orders/8?x=1#y', '/api/orders/8?x=1#y'],
    [303, 'UPSTREAM/orders/8', '/api/orders/8'],
    [302, '..', '/api/orders/'],
    [302, '../..', undefined],
    [302, 'https://internal.example/x', undefined],
    [307, '//evil.example/', undefined],
    [302, 'INVENTORY/inventory/items', undefined],
    [302, '/admin', undefined],
    [302, '/ordersevil', undefined],
    [302, 'javascript:alert(1)', undefined],
  ])('A153, A154: %i to %s: the Location is %s, and nobody follows it', async (status, to, own) => {
    const { orders, inventory } = world.settings.publicUrls
    const location = to.replace('UPSTREAM', orders).replace('INVENTORY', inventory)
    const seen = [world.orders.requests.length, world.inventory.requests.length]
    const answer = await reply(status, { location, 'content-location': location })
    expect(answer.status).toBe(status)
    expect(answer.header('location')).toBe(own)
    expect(answer.header('content-location')).toBe(own)
    expect([world.orders.requests.length - 1, world.inventory.requests.length]).toEqual(seen)
  })

  test('A160: is kept by no cache and shared by no two users', async () => {
    world.orders.answer = ({ headers }, response) => {
      const subject = JSON.parse(
        Buffer.from(headers.authorization?.split('.')[1] ?? '', 'base64url').toString(),
      ).sub
      const etag = `"${subject}"`
      const status = headers['if-none-match'] === etag ? 304 : 200
      response.writeHead(status, { etag, 'cache-control': 'public, max-age=600' })
      response.end(status === 200 ? subject : undefined)
    }
    const bob = await world.signIn(undefined, 'bob')
    const first = await alice.call(api())
    const etag = first.header('etag') ?? ''
    const hers = await alice.call(api(), { headers: ['if-none-match', etag] })
    const his = await bob.call(api(), { headers: ['if-none-match', etag] })
    expect([first.status, hers.status, his.status]).toEqual([200, 304, 200])
    expect(his.text).not.toBe(first.text)
    for (const answer of [first, hers, his]) {
      expect(answer.headers('cache-control')).toEqual(['no-store'])
    }
  })

  test('A162: that is a page with a script runs nothing', async () => {
    const answer = await reply(200, {
      'content-type': 'text/html',
      'content-security-policy': "script-src 'unsafe-inline'",
    })
    expect(answer.headers('content-security-policy')).toEqual([
      expect.stringMatching(/default-src 'none'.*sandbox/),
    ])
    expect(answer.header('x-content-type-options')).toBe('nosniff')
  })
})

describe('A156: nothing private hides behind the name of a file', () => {
  test.each([
    '/bff/user/x.css',
    '/bff/user;.js',
    '/bff/user%2fx.png',
    '/bff/user/',
    '/bff/user.css',
  ])('%s', async (path) => {
    const answer = await alice.call(`${world.app}${path}`)
    expect([400, 404]).toContain(answer.status)
    expect(answer.header('cache-control')).toBe('no-store')
    expect(answer.text).not.toMatch(/alice/i)
  })
})
