import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
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

/** A request of the application's page whose body and answer are streams. */
function open(method: string, headers: Record<string, string> = {}) {
  const lines = ownLines(world.app, alice).map((line) => line.split(': ') as [string, string])
  const all = { ...Object.fromEntries(lines), ...headers }
  return httpRequest(api(), { method, headers: all, agent: false })
}

const mebibyte = 1024 * 1024
const size = 50 * mebibyte

/** A stream of `size` bytes that knows how many were taken from it. */
function createSource() {
  const chunk = Buffer.alloc(64 * 1024, 'x')
  const source = {
    taken: 0,
    stream: new Readable({
      read() {
        if (source.taken >= size) return void this.push(null)
        source.taken += chunk.length
        this.push(chunk)
      },
    }),
  }
  return source
}

/** Waits until nothing more is taken, and gives how much that was. */
async function untilStalled(source: { taken: number }): Promise<number> {
  let [before, rounds] = [-1, 0]
  await vi.waitUntil(
    () => {
      rounds = source.taken > 0 && source.taken === before ? rounds + 1 : 0
      before = source.taken
      return rounds >= 5
    },
    { interval: 20, timeout: 10_000 },
  )
  return source.taken
}

async function count(stream: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0
  for await (const chunk of stream) bytes += chunk.length
  return bytes
}

describe('a body', () => {
  test('of 50 MiB goes up at the pace of the upstream, not into memory', async () => {
    const asked = Promise.withResolvers<() => Promise<number>>()
    world.orders.answer = (incoming, response) => {
      asked.resolve(async () => {
        const bytes = await count(incoming)
        response.end(String(bytes))
        return bytes
      })
    }
    const source = createSource()
    const request = open('POST', { 'content-length': String(size) })
    source.stream.pipe(request)
    const receive = await asked.promise
    expect(await untilStalled(source)).toBeLessThan(size * 0.6)
    const [bytes, [response]] = await Promise.all([receive(), once(request, 'response')])
    expect(bytes).toBe(size)
    expect(await count(response)).toBe(String(size).length)
  })

  test('of 50 MiB comes down at the pace of the client, not into memory', async () => {
    const source = createSource()
    world.orders.answer = (_incoming, response) => void source.stream.pipe(response)
    const request = open('GET').end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    expect(await untilStalled(source)).toBeLessThan(size * 0.6)
    expect(await count(response)).toBe(size)
  })

  test.each<[string, Record<string, string>]>([
    ['chunks', {}],
    ['a length', { 'content-length': '9' }],
    ['events', { 'content-type': 'text/event-stream' }],
  ])('with %s: its first bytes arrive before its last are sent', async (_framing, headers) => {
    const { promise: seen, resolve: hasSeen } = Promise.withResolvers<void>()
    world.orders.answer = async (_incoming, response) => {
      response.writeHead(200, headers).write('first')
      await seen
      response.end('last')
    }
    const [response] = (await once(open('GET').end(), 'response')) as [IncomingMessage]
    response.setEncoding('utf8')
    let text = ''
    for await (const piece of response) {
      text += piece
      if (text.includes('first')) hasSeen()
    }
    expect(text).toBe('firstlast')
  })

  test.each<[string, Record<string, string>]>([
    ['chunks', { 'transfer-encoding': 'chunked' }],
    ['a length', { 'content-length': '9' }],
  ])('with %s: goes up before it is whole', async (_framing, headers) => {
    const { promise: seen, resolve: hasSeen } = Promise.withResolvers<void>()
    world.orders.answer = async (incoming, response) => {
      incoming.once('data', () => hasSeen())
      response.end(String(await count(incoming)))
    }
    const request = open('POST', headers)
    request.write('first')
    await seen
    request.end('last')
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    expect((await response.toArray()).join('')).toBe('9')
  })

  test('passes byte for byte, coded as it is', async () => {
    const { gzipSync } = await import('node:zlib')
    const coded = gzipSync('hello')
    world.orders.answer = (_incoming, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(coded)
    }
    const { text } = await sendRaw(
      world.app,
      head(
        'GET /api/orders HTTP/1.1',
        ...ownLines(world.app, alice),
        'Accept-Encoding: gzip',
        'Connection: close',
      ),
    )
    expect(text).toContain('content-encoding: gzip')
    expect(text).toContain(coded.toString('latin1'))
  })
})

describe('a client that leaves', () => {
  const leaver = (...what: Parameters<typeof open>) => open(...what).on('error', () => undefined)

  test('while it waits, takes the upstream’s request with it', async () => {
    const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>()
    const { promise: left, resolve: hasLeft } = Promise.withResolvers<void>()
    world.orders.answer = (_request, response) => {
      response.once('close', hasLeft)
      isAsked()
    }
    const request = leaver('GET')
    request.end()
    await asked
    request.destroy()
    await left
  })

  test('A116: in the midst of an upload, is a broken connection for the upstream', async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    world.orders.answer = (incoming) => {
      incoming.resume().on('error', () => undefined)
      incoming.once('close', () => resolve(incoming.complete))
      incoming.once('data', () => request.destroy())
    }
    const request = leaver('POST', { 'content-length': '1000' })
    request.write('half')
    expect(await promise).toBe(false)
  })

  test('in the midst of a download, stops it', async () => {
    const { promise: left, resolve: hasLeft } = Promise.withResolvers<void>()
    world.orders.answer = (_request, response) => {
      response.once('close', hasLeft)
      response.write('first')
    }
    const request = leaver('GET')
    request.end()
    const [response] = await once(request, 'response')
    response.on('error', () => undefined)
    await once(response, 'data')
    request.destroy()
    await left
  })

  test('before its token is renewed, is not asked for at the upstream', async () => {
    const someone = await world.signIn()
    const { promise: renewing, resolve: isRenewing } = Promise.withResolvers<() => void>()
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      vi.setSystemTime(Date.now() + 298_000)
      world.intercept = (request, _response, next) =>
        request.url === '/token' ? isRenewing(next) : next()
      const seen = world.orders.requests.length
      const { hostname: host, port } = new URL(world.app)
      const socket = connect({ host, port: Number(port) })
      socket.write(head('GET /api/orders/left HTTP/1.1', ...ownLines(world.app, someone)))
      const next = await renewing
      await once(socket.destroy(), 'close')
      // An answer on another connection: by then the gateway has seen that this one is gone.
      await someone.call(`${world.app}/bff/user`, { withoutCookies: true })
      next()
      await someone.call(`${world.app}/api/orders/stays`)
      expect(world.orders.requests.slice(seen).map(({ path }) => path)).toEqual(['/orders/stays'])
    } finally {
      world.intercept = undefined
      vi.useRealTimers()
    }
  })
})
