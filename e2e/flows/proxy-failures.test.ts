import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Browser } from '../world/browser.ts'
import { head, ownLines, sendRaw } from '../world/raw.ts'
import { createRawUpstream, type RawUpstream } from '../world/raw-upstream.ts'
import { createWorld, type World } from '../world/world.ts'

let world: World
let browser: Browser
let upstream: RawUpstream
beforeAll(async () => {
  upstream = await createRawUpstream()
  const nobody = await createRawUpstream()
  await nobody.close()
  const routes = [
    { match: '/raw/*', upstream: upstream.url, timeout: 1 },
    { match: '/dead/*', upstream: nobody.url },
  ]
  world = await createWorld({
    gateway: (options) => ({
      ...options,
      bff: { ...options.bff, routes: [...(options.bff.routes ?? []), ...routes] },
    }),
  })
  browser = await world.signIn()
})
afterAll(async () => {
  await world.close()
  await upstream.close()
})
afterEach(async () => {
  world.orders.answer = undefined
  const answer = await browser.call(`${world.app}/api/orders/after`)
  expect(answer.json()).toEqual({ path: '/orders/after' })
})

const say = (bytes: string) => {
  upstream.answer = (socket) => void socket.end(bytes, 'latin1')
}
const ask = (line: string, ...more: string[]) =>
  sendRaw(world.app, head(line, ...ownLines(world.app, browser), ...more))
const get = () => ask('GET /raw/x HTTP/1.1', 'Connection: close')

describe('an upstream that is not there', () => {
  test.each([
    ['without a body', undefined],
    ['with a body', 'short'],
    ['with a long body', 'x'.repeat(3_000_000)],
  ])('is a 502 problem, asked %s', async (_how, body) => {
    const method = body === undefined ? 'GET' : 'POST'
    const answer = await browser.call(`${world.app}/dead/x`, {
      method,
      ...(body === undefined ? {} : { body }),
    })
    expect(answer.status).toBe(502)
    expect(answer.json()).toMatchObject({ type: 'urn:sallyport:problem:upstream_unreachable' })
    expect(answer.text).not.toMatch(/ECONNREFUSED|127\.0\.0\.1|::1|localhost/)
  })

  test('leaves the connection in order: the next request on it is answered', async () => {
    const own = ownLines(world.app, browser)
    const first = head('POST /dead/x HTTP/1.1', ...own, 'Content-Length: 5')
    const second = head('GET /api/orders/2 HTTP/1.1', ...own, 'Connection: close')
    let isSent = false
    const answer = await sendRaw(world.app, `${first}hello`, {
      onText(text, write) {
        if (isSent || !text.includes('ERR_UPSTREAM_UNREACHABLE')) return
        isSent = true
        write(second)
      },
    })
    expect(answer.statuses).toEqual([502, 200])
  })
})

describe('an upstream that is silent', () => {
  test('is a 504 problem after the time of its route, and nobody else waits', async () => {
    upstream.answer = () => undefined
    const silent = browser.call(`${world.app}/raw/x`)
    expect((await browser.call(`${world.app}/api/orders`)).status).toBe(200)
    const answer = await silent
    expect(answer.status).toBe(504)
    expect(answer.json()).toMatchObject({ type: 'urn:sallyport:problem:upstream_timeout' })
  })

  test('is a 504 problem too when it has taken a body', async () => {
    upstream.answer = () => undefined
    const body = 'hello'
    const answer = await browser.call(`${world.app}/raw/x`, { method: 'POST', body })
    expect(answer.status).toBe(504)
  })
})

describe('an upstream that leaves early', () => {
  test.each([
    ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
  ])('A164: with %s, is a broken connection for the client', async (_framing, bytes) => {
    say(bytes)
    const answer = await get()
    expect(answer.text).toContain('half')
    expect(answer.text).not.toMatch(/0\r\n\r\n$/)
    expect(answer.end).not.toBe('open')
  })

  test('A164: is one for a client too that knows the end by the connection’s end', async () => {
    say('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n')
    const answer = await ask('GET /raw/x HTTP/1.0')
    expect(answer.text).toContain('half')
    expect(answer.end).toBe('reset')
  })

  test('is a 502 problem when it has not said anything', async () => {
    say('')
    expect((await get()).statuses).toEqual([502])
  })

  test('with an answer before the whole upload, is heard', async () => {
    world.orders.answer = (_request, response) => {
      response.writeHead(413, { 'content-length': 5 }).end('large')
    }
    const body = 'x'.repeat(3_000_000)
    const answer = await browser.call(`${world.app}/api/orders`, { method: 'POST', body })
    expect([answer.status, answer.text]).toEqual([413, 'large'])
    expect(answer.header('connection')).toBe('close')
  })
})

describe('an upstream that speaks no proper HTTP', () => {
  const malformed = [
    ['A121: length and chunks', 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['A121: two lengths', 'Content-Length: 2\r\nContent-Length: 5\r\n\r\nhello'],
    ['A121: a folded header', 'X-A: 1\r\n b\r\nContent-Length: 2\r\n\r\nok'],
    ['A121: a control character', 'X-A: a\x01b\r\nContent-Length: 2\r\n\r\nok'],
    ['A121: a head without end', `X-A: ${'a'.repeat(70_000)}\r\n\r\n`],
  ].map(([row, rest]) => [row as string, `HTTP/1.1 200 OK\r\n${rest}`])

  test.each([
    ...malformed,
    ['A121: bare line feeds', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
    ['another protocol', 'SSH-2.0-sample\r\n\r\n'],
  ])('%s: is a 502 problem', async (_row, bytes) => {
    say(bytes)
    const answer = await get()
    expect(answer.statuses).toEqual([502])
    expect(answer.text).toContain('"ERR_UPSTREAM_INVALID"')
  })

  test.each([
    ['no status there is', '099 Odd\r\nContent-Length: 2\r\n\r\nok'],
    ['A121: an upgrade unasked', '101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'],
  ])('%s: is a 502 too', async (_row, rest) => {
    say(`HTTP/1.1 ${rest}`)
    expect((await get()).statuses).toEqual([502])
  })

  test('A121: a broken chunk is a broken connection', async () => {
    say('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n')
    const answer = await get()
    expect(answer.end).not.toBe('open')
    expect(answer.text).not.toMatch(/hello|0\r\n\r\n$/)
  })

  test('A120: a second answer to one request reaches nobody', async () => {
    upstream.answer = (socket) => {
      const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n'
      socket.write(`${answer}mine${answer}evil`)
    }
    const answers = [await get(), await get(), await get()]
    for (const { text, statuses } of answers) {
      expect(statuses).toEqual([200])
      expect(text).toMatch(/mine$/)
    }
  })

  test('a length on an answer that has no body is not passed on', async () => {
    say('HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok')
    const answer = await get()
    expect(answer.text).toMatch(/^HTTP\/1.1 204/)
    expect(answer.text.toLowerCase()).not.toContain('content-length')
    expect(answer.text).toMatch(/\r\n\r\n$/)
  })

  test('hints on the way are not taken for the answer', async () => {
    say('HTTP/1.1 103 Early\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    const answer = await get()
    expect(answer.statuses).toEqual([200])
    expect(answer.text).toMatch(/ok$/)
  })
})
