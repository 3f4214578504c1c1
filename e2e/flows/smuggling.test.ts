import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Browser } from '../world/browser.ts'
import { head, ownLines, sendRaw } from '../world/raw.ts'
import { untouched } from '../world/untouched.ts'
import { createWorld, type World } from '../world/world.ts'

let world: World
let browser: Browser
let own: string[]
beforeAll(async () => {
  world = await createWorld()
  browser = await world.signIn()
  own = ownLines(world.app, browser)
})
afterAll(() => world.close())

/** What an attacker wants to be read as a request of its own. */
const smuggled = 'GET /api/orders/smuggled HTTP/1.1\r\nHost: x\r\n\r\n'
const post = (...lines: string[]) => head('POST /api/orders HTTP/1.1', ...own, ...lines)

/** Refused with 400 or a closed connection, and no upstream saw a whole request. */
async function expectRefused(bytes: string): Promise<void> {
  const seen = world.orders.requests.length
  const answer = await sendRaw(world.app, bytes)
  expect(
    answer.statuses.every((status) => status === 400),
    answer.text,
  ).toBe(true)
  expect(answer.end).not.toBe('open')
  expect(world.orders.requests.slice(seen)).toEqual([])
  expect((await browser.call(`${world.app}/api/orders/alive`)).status).toBe(200)
}

describe('a request with unclear framing', () => {
  const chunked = 'Transfer-Encoding: chunked'
  test.each<[string, string[], string]>([
    ['A110: length and chunks', ['Content-Length: 6', chunked], '0\r\n\r\nG'],
    ['A110: chunks and length', [chunked, 'Content-Length: 6'], '0\r\n\r\nG'],
    ['A110: length 0 and chunks', ['Content-Length: 0', chunked], `0\r\n\r\n${smuggled}`],
    ['A110: chunks twice', [chunked, chunked], '0\r\n\r\n'],
    ['A110: chunks in a list', ['Transfer-Encoding: chunked, chunked'], '0\r\n\r\n'],
    ['A110: chunks not last', ['Transfer-Encoding: chunked, identity'], '0\r\n\r\n'],
    ['A110: an unknown coding', ['Transfer-Encoding: xchunked'], '0\r\n\r\n'],
    ['A110: another coding before', ['Transfer-Encoding: gzip, chunked'], '1\r\na\r\n0\r\n\r\n'],
    ['A110: a parameter', ['Transfer-Encoding: chunked;a=b'], '0\r\n\r\n'],
    ['A110: identity', ['Transfer-Encoding: identity', 'Content-Length: 1'], 'a'],
    ['A110: none', ['Transfer-Encoding:', 'Content-Length: 1'], 'a'],
    ['A110: a blank before the colon', ['Transfer-Encoding : chunked'], '0\r\n\r\n'],
    ['A110: a vertical tab', ['Transfer-Encoding: \x0bchunked'], '0\r\n\r\n'],
    ['A112: two lengths', ['Content-Length: 5', 'Content-Length: 6'], 'hello!'],
    ['A112: the same length twice', ['Content-Length: 5', 'Content-Length: 5'], 'hello'],
    ['A112: a list', ['Content-Length: 5, 5'], 'hello'],
    ['A112: a sign', ['Content-Length: +5'], 'hello'],
    ['A112: negative', ['Content-Length: -5'], 'hello'],
    ['A112: hexadecimal', ['Content-Length: 0x5'], 'hello'],
    ['A112: a fraction', ['Content-Length: 5.0'], 'hello'],
    ['A112: empty', ['Content-Length:'], 'hello'],
    ['A112: two words', ['Content-Length: 5 5'], 'hello'],
    ['A112: too large for anybody', [`Content-Length: ${'9'.repeat(30)}`], 'hello'],
    ['A112: a blank before the colon', ['Content-Length : 5'], 'hello'],
    ['A113: a folded header', ['X-A: 1\r\n b', 'Content-Length: 5'], 'hello'],
    ['A113: a folded coding', ['Transfer-Encoding:\r\n chunked'], '0\r\n\r\n'],
    ['A113: a line that starts with a blank', [' Transfer-Encoding: chunked'], '0\r\n\r\n'],
    ['A114: a bare CR in a value', ['X-A: 1\rTransfer-Encoding: chunked'], '0\r\n\r\n'],
    ['A114: a bare LF after a value', [`X-A: 1\n${chunked}`], '0\r\n\r\n'],
    ['A114: a line without a colon', ['Content-Length'], ''],
    ['A114: a NUL', ['X-A: a\0b'], ''],
    ['A114: a name that is none', ['X A: b'], ''],
  ])('%s: is refused', async (_row, lines, body) => {
    await expectRefused(`${post(...lines)}${body}`)
  })

  test.each([
    ['A114: line feeds alone', () => post('Connection: close').replaceAll('\r\n', '\n')],
    ['A114: CRs alone', () => `${post().replaceAll('\r\n', '\r')}\r\n\r\n`],
    ['A114: a head that ends in CR X', () => `${post().slice(0, -2)}\rX`],
    ['A114: a head that ends in LF CR LF', () => `${post().slice(0, -4)}\n\r\n`],
    ['A114: another version', () => post().replace('HTTP/1.1', 'HTTP/1.2')],
    ['A114: a version of two digits', () => post().replace('HTTP/1.1', 'HTTP/1.10')],
    ['A114: no version', () => post('Connection: close').replace(' HTTP/1.1', '')],
    ['A114: no version and no header', () => 'GET /api/orders\r\n\r\n'],
    ['A114: version 0.9', () => post('Connection: close').replace('1.1', '0.9')],
    ['A114: version 2.0', () => post('Connection: close').replace('1.1', '2.0')],
    ['A114: HTTP/2 in the clear', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['A114: a method that is none', () => post().replace('POST', 'PO ST')],
    ['A114: a method in small letters', () => post().replace('POST', 'post')],
  ])('%s: is refused', async (_row, bytes) => expectRefused(bytes()))

  test.each([
    ['a size too large', 'FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n'],
    ['a size that is negative', '-5\r\nhello\r\n0\r\n\r\n'],
    ['a size that is none', 'zz\r\nhello\r\n0\r\n\r\n'],
    ['a size with 0x', '0x5\r\nhello\r\n0\r\n\r\n'],
    ['a chunk longer than it says', '3\r\nhello\r\n0\r\n\r\n'],
    ['a line feed for an end', '5\nhello\n0\n\n'],
    ['a bare CR in an extension', '5;a\rb\r\nhello\r\n0\r\n\r\n'],
  ])('A116: chunks with %s: never reach the upstream whole', async (_what, body) => {
    await expectRefused(`${post('Transfer-Encoding: chunked')}${body}`)
  })
})

describe('a request with clear framing', () => {
  test('A116: chunks, with extensions and trailers, arrive as their content alone', async () => {
    const body = '5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nAuthorization: Bearer evil\r\nX-A: evil\r\n\r\n'
    const bytes = `${post('Transfer-Encoding: chunked', 'Connection: close')}${body}`
    expect((await sendRaw(world.app, bytes)).statuses).toEqual([200])
    const recorded = world.orders.requests.at(-1)
    expect(recorded?.body).toBe('hello!')
    expect(recorded?.rawHeaders.join()).not.toContain('evil')
  })

  test.each(['GET', 'HEAD', 'DELETE'])(
    'A117: %s with a body keeps its body, and the next request is the client’s own',
    async (method) => {
      const seen = world.orders.requests.length
      const first = head(
        `${method} /api/orders/first HTTP/1.1`,
        ...own,
        `Content-Length: ${smuggled.length}`,
      )
      const second = head('GET /api/orders/second HTTP/1.1', ...own, 'Connection: close')
      const answer = await sendRaw(world.app, `${first}${smuggled}${second}`)
      expect(answer.statuses[0]).toBe(200)
      const recorded = world.orders.requests.slice(seen)
      const bodies = Object.fromEntries(recorded.map(({ path, body }) => [path, body]))
      expect(bodies['/orders/first']).toBe(smuggled)
      expect({ '/orders/second': '', ...bodies }).toEqual({
        '/orders/first': smuggled,
        '/orders/second': '',
      })
    },
  )

  test.each<[string, number, () => string[]]>([
    ['unknown', 401, () => ownLines(world.app)],
    ['forged', 403, () => own.slice(0, 1)],
    ['for another host', 421, () => ['Host: evil']],
  ])('A117: refused as %s (%i), its unread body is no request', async (_why, status, lines) => {
    const second = head('GET /api/orders/second HTTP/1.1', ...own, 'Connection: close')
    for (const framing of [
      [`Content-Length: ${smuggled.length}`],
      ['Transfer-Encoding: chunked'],
      [`Content-Length: ${smuggled.length + 500_000}`],
    ]) {
      const body = framing[0]?.startsWith('T')
        ? `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`
        : smuggled
      const first = head('POST /api/orders HTTP/1.1', ...lines(), ...framing)
      const seen = world.orders.requests.length
      const answer = await sendRaw(world.app, `${first}${body}${second}`)
      expect(answer.statuses[0], framing[0]).toBe(status)
      expect(answer.statuses.slice(1).every((later) => later === 200)).toBe(true)
      const paths = world.orders.requests.slice(seen).map(({ path }) => path)
      expect(['', '/orders/second']).toContain(paths.join())
    }
  })
})

describe('a request-target', () => {
  const get = (target: string, method = 'GET') =>
    head(`${method} ${target} HTTP/1.1`, ...own, 'Connection: close')
  const refuse = (bytes: string) => untouched(world, () => sendRaw(world.app, bytes))

  test.each([
    'http://169.254.169.254/latest/meta-data',
    'http://evil.example/api/orders',
    'https://evil.example:443/api/orders',
    'HTTP://EVIL.EXAMPLE/',
    'ftp://evil.example/',
    '//evil.example/api/orders',
    '/\\evil.example/api/orders',
    '/api/orders//x',
    'evil.example:443',
    'api/orders',
    '*',
    '?x',
    '/api/orders#/../x',
    '/api/orders/../../bff/user',
    '/api/orders/%2e%2e/inventory',
    '/api/orders/..%2finventory',
    '/api/orders/..;/inventory',
    '/api/orders/%00',
    '/api/orders/%c0%af',
    '/api/orders/%zz',
    '/api/orders/\xE9',
    '/api/orders/<x>',
  ])('A122, A170: %s is refused', async (target) => {
    const { statuses } = await refuse(get(target))
    expect(statuses).toEqual([400])
  })

  test('A122: OPTIONS * is refused', async () => {
    expect((await refuse(get('*', 'OPTIONS'))).statuses).toEqual([400])
  })

  test.each(['evil.example:443', '169.254.169.254:80', '/api/orders', ''])(
    'A122: CONNECT %s connects to nothing',
    async (target) => {
      const answer = await refuse(get(target, 'CONNECT'))
      expect(answer.text).not.toMatch(/^HTTP\/1.1 2/)
      expect(answer.end).not.toBe('open')
    },
  )

  test('A122: in absolute form is taken for our own origin only', async () => {
    expect((await sendRaw(world.app, get(`${world.app}/api/orders/7`))).statuses).toEqual([200])
    expect(world.orders.requests.at(-1)?.path).toBe('/orders/7')
    for (const target of [
      `${world.app}.evil.example/api/orders`,
      `${world.app.replace('//', '//evil@')}/api/orders`,
      `${world.app}1/api/orders`,
      world.app,
    ]) {
      expect((await refuse(get(target))).statuses, target).toEqual([400])
    }
  })
})
