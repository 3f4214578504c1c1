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

const refuse = (bytes: string) => untouched(world, () => sendRaw(world.app, bytes))

async function expectAlive(): Promise<void> {
  expect((await browser.call(`${world.app}/api/orders`)).status).toBe(200)
}

describe('the Host of a request', () => {
  const host = () => new URL(world.app).host
  const port = () => new URL(world.app).port
  const get = (...lines: string[]) =>
    head('GET /api/orders HTTP/1.1', ...own.slice(1), ...lines, 'Connection: close')

  test.each<[string, number, () => string[]]>([
    ['another', 421, () => ['Host: evil.example']],
    ['without its port', 421, () => ['Host: localhost']],
    ['with another port', 421, () => ['Host: localhost:443']],
    ['with a dot at its end', 421, () => [`Host: localhost.:${port()}`]],
    ['a superstring', 421, () => [`Host: ${host()}.evil.example`]],
    ['a superstring before', 421, () => [`Host: evil.${host()}`]],
    ['with credentials', 421, () => [`Host: evil@${host()}`]],
    ['with a path', 421, () => [`Host: ${host()}/evil`]],
    ['an address', 421, () => [`Host: 127.0.0.1:${port()}`]],
    ['an IPv6 address', 421, () => [`Host: [::1]:${port()}`]],
    ['a list', 421, () => [`Host: ${host()}, evil.example`]],
    ['empty', 421, () => ['Host:']],
    ['twice', 400, () => [`Host: ${host()}`, 'Host: evil.example']],
    ['twice, the same', 400, () => [`Host: ${host()}`, `host: ${host()}`]],
    ['absent', 400, () => []],
  ])('A104: %s: is refused with %i', async (_what, status, lines) => {
    const answer = await refuse(get(...lines()))
    expect(answer.statuses).toEqual([status])
    expect(answer.text).not.toContain('evil')
  })

  test('A104: is required of HTTP/1.0 too', async () => {
    expect((await refuse(head('GET /api/orders HTTP/1.0', ...own.slice(1)))).statuses).toEqual([
      400,
    ])
  })

  test('A104: may be written in capitals', async () => {
    const bytes = get(`Host: ${host().toUpperCase()}`)
    expect((await sendRaw(world.app, bytes)).statuses).toEqual([200])
  })
})

describe('Expect', () => {
  test('A100: 100-continue is answered here; the upstream never sees it', async () => {
    const lines = ['Content-Length: 5', 'Expect: 100-continue', 'Connection: close']
    let isSent = false
    const answer = await sendRaw(world.app, head('POST /api/orders HTTP/1.1', ...own, ...lines), {
      onText(text, write) {
        if (isSent || !text.includes('100 Continue')) return
        isSent = true
        write('hello')
      },
    })
    expect(answer.statuses).toEqual([100, 200])
    const recorded = world.orders.requests.at(-1)
    expect([recorded?.body, recorded?.header('expect')]).toEqual(['hello', undefined])
  })

  test('A100: 100-continue without its body stalls nobody else', async () => {
    const lines = ['Content-Length: 5', 'Expect: 100-continue']
    const bytes = head('POST /api/orders HTTP/1.1', ...own, ...lines)
    const until = (text: string) => text.includes('100 Continue')
    const stalled = Array.from({ length: 20 }, () => sendRaw(world.app, bytes, { until }))
    await expectAlive()
    await Promise.all(stalled)
    await expectAlive()
  })

  test('A100: anything else is 417', async () => {
    const bytes = head('GET /api/orders HTTP/1.1', ...own, 'Expect: anything', 'Connection: close')
    expect((await refuse(bytes)).statuses).toEqual([417])
  })
})

describe('Content-Type', () => {
  const post = (...contentTypes: string[]) =>
    head(
      'POST /api/orders HTTP/1.1',
      ...own,
      ...contentTypes.map((value) => `Content-Type:${value}`),
      ...['Content-Length: 2', 'Connection: close'],
    ).concat('{}')

  test.each([
    ['application/json\ttext'],
    ['application/json<script>'],
    ['application/json, text/plain'],
    ['application/json; charset'],
    ['application/json;charset=utf-8\xA0'],
    ['\xA0application/json'],
    ['json'],
    [''],
    ['application/json', 'text/plain'],
    ['application/json', 'application/json'],
  ])('A101: %j %j is refused', async (...values) => {
    const given = values.filter((value) => typeof value === 'string')
    expect((await refuse(post(...given))).statuses).toEqual([400])
  })

  test.each([
    ' application/json',
    'application/json',
    '\tapplication/json ',
    'APPLICATION/JSON ; charset=UTF-8',
    'multipart/form-data; boundary=----WebKitFormBoundaryA1',
    'application/x; a="b;c, d"; e=f',
    'application/json;  charset=utf-8',
  ])('A101: %j passes as it is', async (value) => {
    expect((await sendRaw(world.app, post(value))).statuses).toEqual([200])
    expect(world.orders.requests.at(-1)?.header('content-type')).toBe(value.trim())
  })
})

describe('a large head', () => {
  const get = (...lines: string[]) =>
    head('GET /api/orders HTTP/1.1', ...own, ...lines, 'Connection: close')
  const many = (count: number, line: string) => Array<string>(count).fill(line)

  test.each<[string, string[], number]>([
    ['2000 headers', many(2000, 'X-Custom: 1234'), 431],
    ['2000 headers of four bytes', many(2000, 'a:b'), 400],
    ['one header of 60 KiB', [`X-Custom: ${'a'.repeat(60 * 1024)}`], 431],
    ['a name of 60 KiB', [`${'a'.repeat(60 * 1024)}: 1`], 431],
  ])('A105: %s: is refused, and life goes on', async (_what, lines, status) => {
    expect((await refuse(get(...lines))).statuses).toEqual([status])
    await expectAlive()
  })

  test('A105: a target of 60 KiB is refused, and life goes on', async () => {
    const bytes = head(`GET /api/orders?${'a'.repeat(60 * 1024)} HTTP/1.1`, ...own)
    expect((await refuse(bytes)).statuses).toEqual([431])
    const longest = head(
      `GET /api/orders?${'a'.repeat(8200)} HTTP/1.1`,
      ...own,
      'Connection: close',
    )
    expect((await refuse(longest)).statuses).toEqual([400])
    await expectAlive()
  })

  test('A106: hides no Content-Length behind many headers', async () => {
    const end = ['Content-Length: 5', 'Connection: close']
    const post = (count: number) =>
      head('POST /api/orders HTTP/1.1', ...own, ...many(count, 'a:b'), ...end).concat('hello')
    for (const count of [1000, 1995, 2001]) {
      expect((await refuse(post(count))).statuses, `${count}`).toEqual([400])
    }
    expect((await sendRaw(world.app, post(200))).statuses).toEqual([200])
    const recorded = world.orders.requests.at(-1)
    expect([recorded?.body, recorded?.header('content-length')]).toEqual(['hello', '5'])
  })
})

describe('a path and a query', () => {
  const ask = (target: string) =>
    sendRaw(
      world.app,
      head(`GET ${target} HTTP/1.1`, ...ownLines(world.app, browser), 'Connection: close'),
    )

  test.each([
    ['A172: a parameter', '/api/orders/x;foo=bar'],
    ['A172: an escaped parameter', '/api/orders/x%3Bfoo'],
    ['A173: an escape that is needed', '/api/orders/a%20b'],
    ['A177: another route in the query', '/api/orders/x?path=/public/../x'],
  ])('%s reaches the upstream byte for byte', async (_row, target) => {
    expect((await ask(target)).statuses).toEqual([200])
    expect(world.orders.requests.at(-1)?.path).toBe(target.replace('/api', ''))
  })

  test.each([
    ['A172: a parameter of the prefix', '/api;x/orders'],
    ['A177: a route in the query alone', '/private?path=/api/orders'],
    ['A178: a name that begins like it', '/api/orders-internal'],
    ['A174: in capitals', '/API/orders'],
  ])('%s is no route', async (_row, target) => {
    const seen = world.orders.requests.length
    expect((await ask(target)).statuses).not.toContain(200)
    expect(world.orders.requests.length).toBe(seen)
  })
})
