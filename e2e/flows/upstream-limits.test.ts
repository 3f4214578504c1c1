import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventually } from '../world/eventually.ts'
import { type RecordedMeter, registerMeter } from '../world/meter.ts'
import { createRawUpstream } from '../world/raw-upstream.ts'
import { createTarget, type Target } from '../world/target.ts'
import {
  origin,
  startUpstreamGateway,
  type UpstreamGateway,
  type UpstreamGatewayOptions,
} from '../world/upstream-gateway.ts'

let a: Target
let b: Target
const gateways: UpstreamGateway[] = []
let meter: RecordedMeter
beforeAll(() => {
  meter = registerMeter()
})
afterAll(() => meter.close())
beforeEach(async () => {
  a = await createTarget()
  b = await createTarget()
})
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.close()
  await Promise.all([a.stop(), b.stop()])
})

/** With a length, as both lanes carry it. */
const upload = () => {
  const bytes = Buffer.alloc(3_000_000)
  return { body: Readable.from([bytes]), headers: { 'content-length': String(bytes.length) } }
}

describe.each(['node', 'fast'] as const)('over the %s lane', (lane) => {
  async function start(options: Omit<UpstreamGatewayOptions, 'lane'>): Promise<UpstreamGateway> {
    const gateway = await startUpstreamGateway({ lane, ...options })
    gateways.push(gateway)
    return gateway
  }

  describe('an upstream with all the exchanges that it may have', () => {
    const held: ServerResponse[] = []
    const lengths: number[] = []
    const waiting = (count: number) =>
      eventually(() => meter.read('sallyport.upstream.waiting')).toBe(count)
    const finish = () => void held.shift()?.end('done')
    beforeEach(() => {
      held.length = 0
      lengths.length = 0
      a.answer = (request, response) => {
        held.push(response)
        request.on('data', ({ length }) => lengths.push(length))
      }
    })

    test('A277: makes others wait, in their order, and refuses more at once', async () => {
      const upstreams = {
        [origin]: { addresses: [a.url], maxConnections: 1, queue: { length: 2 } },
      }
      const gateway = await start({ upstreams })
      const first = gateway.call('/api/1')
      await eventually(() => held.length).toBe(1)
      const second = gateway.call('/api/2')
      await waiting(1)
      const third = gateway.call('/api/3', { method: 'POST', ...upload() })
      await waiting(2)
      const { status, header } = await gateway.call('/api/5')
      expect([status, header('retry-after')]).toEqual([503, '1'])
      expect(gateway.lines('an upstream has too much to do')).toHaveLength(1)
      expect(a.seen).toEqual(['GET /api/1'])
      for (const one of [first, second]) {
        await eventually(() => held.length).toBe(1)
        finish()
        expect((await one).text).toBe('done')
      }
      await eventually(() => lengths.reduce((sum, length) => sum + length, 0)).toBe(3_000_000)
      finish()
      expect((await third).text).toBe('done')
      expect(a.seen.slice(0, 3)).toEqual(['GET /api/1', 'GET /api/2', 'POST /api/3'])
    })

    test('A277: lets nobody wait for longer than the line’s time', async () => {
      const queue = { length: 5, timeout: 0.3 }
      const upstreams = { [origin]: { addresses: [a.url], maxConnections: 1, queue } }
      const { call } = await start({ upstreams })
      const first = call('/api/1')
      await eventually(() => held.length).toBe(1)
      const { status, code } = await call('/api/2')
      expect([status, code]).toEqual([503, 'ERR_UPSTREAM_BUSY'])
      finish()
      expect((await first).status).toBe(200)
      expect(a.seen).toEqual(['GET /api/1'])
    })

    test('asks nothing in the name of who has left the line, or the exchange', async () => {
      const upstreams = {
        [origin]: { addresses: [a.url], maxConnections: 1, queue: { length: 1, timeout: 600 } },
      }
      const { call } = await start({ upstreams })
      const [early, late] = [new AbortController(), new AbortController()]
      const first = call('/api/1', { signal: early.signal })
      await eventually(() => held.length).toBe(1)
      const second = call('/api/2', { signal: late.signal })
      await waiting(1)
      late.abort()
      await second
      await waiting(0)
      let third: Awaited<ReturnType<typeof call>> | undefined
      void call('/api/3').then((result) => {
        third = result
      })
      await waiting(1)
      expect(third).toBeUndefined()
      early.abort()
      await first
      await eventually(() => a.seen).toEqual(['GET /api/1', 'GET /api/3'])
      held[1]?.end('done')
      await eventually(() => third?.status).toBe(200)
    })

    test('has other upstreams go on', async () => {
      const routes = [
        { match: '/api/*', upstream: origin, token: 'none' as const },
        { match: '/other/*', upstream: b.url, token: 'none' as const },
      ]
      const upstreams = {
        [origin]: { addresses: [a.url], maxConnections: 1, queue: { length: 0 } },
      }
      const { call } = await start({ upstreams, routes })
      const first = call('/api/1')
      await eventually(() => held.length).toBe(1)
      expect((await call('/api/2')).status).toBe(503)
      expect((await call('/other/1')).status).toBe(200)
      finish()
      await first
    })
  })

  describe('an upstream that is too slow', () => {
    const failures = (gateway: UpstreamGateway) =>
      gateway.lines('an upstream failed').map(({ error }) => (error as { code: string }).code)

    test('with its headers: 504, is not asked elsewhere, and is left alone after that', async () => {
      a.answer = b.answer = () => undefined
      const upstreams = { [origin]: { addresses: [a.url, b.url], breaker: { failures: 1 } } }
      const gateway = await start({ upstreams, timeout: 1 })
      const { status, code } = await gateway.call('/api/x')
      expect([status, code]).toEqual([504, 'ERR_UPSTREAM_TIMEOUT'])
      expect(a.seen.length + b.seen.length).toBe(1)
      expect(failures(gateway)).toEqual(['UPSTREAM_HEADERS_TIMEOUT'])
      const slow = a.seen.length === 1 ? a : b
      const other = slow === a ? b : a
      other.answer = undefined
      expect((await gateway.call('/api/y')).status).toBe(200)
      expect(gateway.lines('an upstream address is out of use')[0]).toMatchObject({
        address: slow.url,
        upstream: origin,
      })
    })

    test('with its TLS: 504', async () => {
      const silent = await createRawUpstream()
      const upstreams = {
        'https://orders.internal': {
          addresses: [silent.url.replace('http:', 'https:')],
          timeouts: { connect: 0.2 },
        },
      }
      const routes = [
        { match: '/api/*', upstream: 'https://orders.internal', token: 'none' as const },
      ]
      const gateway = await start({ upstreams, routes })
      const { status, code } = await gateway.call('/api/x', { method: 'POST', body: 'x' })
      expect([status, code]).toEqual([504, 'ERR_UPSTREAM_TIMEOUT'])
      expect(failures(gateway)).toEqual(['UPSTREAM_CONNECT_TIMEOUT'])
      await silent.close()
    })

    test('within its response: the connection breaks', async () => {
      a.answer = (_request, response) => void response.writeHead(200).write('begun')
      const upstreams = { [origin]: { addresses: [a.url], timeouts: { idle: 1 } } }
      const gateway = await start({ upstreams })
      expect((await gateway.call('/api/x')).status).toBe(0)
      await eventually(() => failures(gateway)).toEqual(['UPSTREAM_BODY_TIMEOUT'])
    })
  })

  describe('health checks', () => {
    const health = { path: '/health?x', interval: 1, timeout: 0.3 }
    const checked = (target: Target) => target.seen.filter((one) => one === 'GET /health?x').length
    const asked = (target: Target) => target.seen.filter((one) => one.includes('/api/')).length

    test.each([
      ['says that it is ill', (response: ServerResponse) => response.writeHead(503).end()],
      ['says nothing', () => undefined],
    ])('take an address out of use that %s, before it is asked, and back', async (_how, ill) => {
      let isWell = false
      a.answer = (request, response) => {
        if (request.url === '/health?x' && !isWell) ill(response)
        else response.end('ok')
      }
      const upstreams = { [origin]: { addresses: [a.url, b.url], health } }
      const gateway = await start({ upstreams })
      await eventually(() => gateway.lines('an upstream address is out of use').length).toBe(1)
      expect(gateway.lines('an upstream address is out of use')[0]).toMatchObject({
        ...{ upstream: origin, address: a.url, reason: 'health' },
      })
      for (let i = 0; i < 12; i += 1) expect((await gateway.call('/api/x')).status).toBe(200)
      expect([asked(a), asked(b)]).toEqual([0, 12])
      isWell = true
      await eventually(() => gateway.lines('an upstream address is in use again').length).toBe(1)
      await eventually(async () => {
        await gateway.call('/api/x')
        return asked(a)
      }).toBeGreaterThan(0)
    })

    test('end with a reload that does without them, and with the gateway', async () => {
      const gateway = await start({ upstreams: { [origin]: { addresses: [a.url], health } } })
      await eventually(() => checked(a)).toBeGreaterThan(0)
      gateway.reload({ [origin]: { addresses: [b.url], health } })
      const before = checked(a)
      // As many checks of the one as would have been of the other.
      await eventually(() => checked(b)).toBeGreaterThan(2)
      expect(checked(a) - before).toBeLessThanOrEqual(1)
      gateways.splice(0)
      await gateway.close()
      const last = checked(b)
      const another = await start({ upstreams: { [origin]: { addresses: [a.url], health } } })
      await eventually(() => checked(a)).toBeGreaterThan(before + 2)
      expect(checked(b)).toBe(last)
      expect(another.lines('an upstream address is out of use')).toEqual([])
    })

    test('go on as they are with a reload that changes nothing', async () => {
      a.answer = (_request, response) => response.writeHead(500).end()
      const upstreams = { [origin]: { addresses: [a.url], health } }
      const gateway = await start({ upstreams })
      await eventually(async () => (await gateway.call('/api/x')).code).toBe(
        'ERR_UPSTREAM_UNAVAILABLE',
      )
      gateway.reload(upstreams)
      expect((await gateway.call('/api/x')).code).toBe('ERR_UPSTREAM_UNAVAILABLE')
    })
  })
})
