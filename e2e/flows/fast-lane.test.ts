import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Browser } from '../world/browser.ts'
import { head, ownLines, sendRaw } from '../world/raw.ts'
import { createRawUpstream, type RawUpstream } from '../world/raw-upstream.ts'
import { createWorld, type World } from '../world/world.ts'

let world: World
let browser: Browser
let upstream: RawUpstream
beforeAll(async () => {
  upstream = await createRawUpstream()
  world = await createWorld({
    gateway: (options) => ({
      ...options,
      lanes: ['fast', 'node'],
      bff: {
        ...options.bff,
        routes: [
          ...(options.bff.routes ?? []),
          { match: '/raw/*', upstream: upstream.url, timeout: 2 },
        ],
      },
    }),
  })
  browser = await world.signIn()
})
afterAll(async () => {
  await world.close()
  await upstream.close()
})
afterEach(() => {
  world.orders.answer = undefined
  world.logLines.splice(0)
})

const get = (path: string, ...more: string[]) =>
  head(`GET ${path} HTTP/1.1`, ...ownLines(world.app, browser), ...more)
const counted = (name: string, label: string) =>
  world.counts().find((one) => one.name === name && Object.values(one.labels).includes(label))
    ?.value ?? 0
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

describe('which lane carries what', () => {
  test('a plain request is the fast lane’s, and counted there', async () => {
    const [fast, node] = ['fast', 'node'].map((lane) => counted('sallyport.requests', lane))
    await sendRaw(world.app, get('/api/orders', 'Connection: close'))
    expect(counted('sallyport.requests', 'fast')).toBe((fast as number) + 1)
    expect(counted('sallyport.requests', 'node')).toBe(node)
    const line = world.logLines.map((text) => JSON.parse(text)).findLast(({ lane }) => lane)
    expect(line).toMatchObject({ lane: 'fast', status: 200, route: '/api/orders/*' })
  })

  test.each<[string, string, () => string]>([
    ['target', 'an escape in the path', () => get('/api/orders/%20', 'Connection: close')],
    [
      'syntax',
      'a name with an underscore',
      () => get('/api/orders', 'X_A: b', 'Connection: close'),
    ],
    ['field', 'a field of one hop', () => get('/api/orders', 'TE: trailers', 'Connection: close')],
    ['framing', 'a doubtful length', () => get('/api/orders', 'Content-Length: 00')],
    ['size', 'a head near the limit', () => get('/api/orders', `X-A: ${'a'.repeat(13_000)}`)],
    ['pipelined', 'two at once', () => get('/api/orders') + get('/x', 'Connection: close')],
    ['endpoint', 'the BFF’s own', () => get('/bff/user', 'Connection: close')],
    ['decision', 'what the BFF passes on', () => get('/page', 'Connection: close')],
  ])('%s: %s is handed over once, and counted', async (reason, _what, bytes) => {
    const before = counted('sallyport.lane.hand_overs', reason)
    const answer = await sendRaw(world.app, bytes(), { until: (text) => text.includes('\r\n\r\n') })
    expect(answer.statuses.length).toBeGreaterThan(0)
    expect(counted('sallyport.lane.hand_overs', reason)).toBe(before + 1)
  })
})

describe('a slow client', () => {
  test('leaves its upstream’s connection as good as new', async () => {
    const body = 'x'.repeat(2_000_000)
    const long = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    upstream.answer = (socket) => void socket.write(long)
    const first = await sendRaw(world.app, get('/raw/long', 'Connection: close'))
    expect(first.text.length).toBeGreaterThan(body.length)
    const connections = upstream.heard.length
    upstream.answer = (socket) => void socket.write(ok)
    const second = await sendRaw(world.app, get('/raw/short', 'Connection: close'))
    expect(second.statuses).toEqual([200])
    expect(upstream.heard.length).toBe(connections)
  })

  test('that takes no answer is heard no more, so that none pile up', async () => {
    // Short enough to come at once, so that no exchange is held up in its midst.
    const answer = 'x'.repeat(15 * 1024)
    world.orders.answer = (_request, response) => void response.end(answer)
    const { hostname: host, port } = new URL(world.app)
    const socket = connect({ host, port: Number(port) })
    await once(socket, 'connect')
    socket.pause()
    const before = world.orders.requests.length
    const asked = () => world.orders.requests.length - before
    const most = 1000
    for (let sent = 1; sent <= most; sent += 1) {
      socket.write(get('/api/orders'))
      const isAnswered = await vi
        .waitUntil(() => asked() === sent, { interval: 1, timeout: 1000 })
        .catch(() => false)
      if (!isAnswered) break
    }
    const stalledAt = asked()
    expect(stalledAt).toBeLessThan(most)
    let bytes = 0
    socket.on('data', (chunk) => {
      bytes += chunk.length
    })
    socket.resume()
    await vi.waitUntil(() => bytes > stalledAt * answer.length && asked() > stalledAt)
    socket.destroy()
  })
})

test('what is logged of a failure names the request, not the one that opened the connection', async () => {
  const [first, second] = ['1', '2'].map((digit) => digit.repeat(32)) as [string, string]
  const traced = (traceId: string) =>
    get('/raw/x', `Traceparent: 00-${traceId}-${'a'.repeat(16)}-01`, 'Connection: close')
  upstream.answer = (socket) => void socket.write(ok)
  await sendRaw(world.app, traced(first))
  const connections = upstream.heard.length
  upstream.answer = (socket) => void socket.write('HTTP/1.1 200 OK\r\nX-A: \x01\r\n\r\n')
  expect((await sendRaw(world.app, traced(second))).statuses).toEqual([502])
  expect(upstream.heard.length).toBe(connections)
  const lines = world.logLines.map((text) => JSON.parse(text))
  const failed = lines.filter(({ message }) => message === 'an upstream failed')
  expect(failed.map(({ trace_id }) => trace_id)).toEqual([second])
})

test('what follows on a connection that was handed over is in traces of its own', async () => {
  let isSent = false
  await sendRaw(world.app, get('/page'), {
    onText(text, write) {
      if (isSent || !text.includes('\r\n\r\n')) return
      isSent = true
      write(get('/api/orders', 'Connection: close'))
    },
  })
  const lines = world.logLines.map((text) => JSON.parse(text))
  const [page, call] = lines.filter(({ message }) => message === 'request')
  expect([page.route, call.route]).toEqual(['file', '/api/orders/*'])
  expect(page.trace_id).not.toBe(call.trace_id)
})
