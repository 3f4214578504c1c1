import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRestartableProcess } from '../chaos/child-process.ts'
import { eventually } from '../world/eventually.ts'
import { registerMeter } from '../world/meter.ts'
import { createRawUpstream } from '../world/raw-upstream.ts'
import { createTarget, type Target } from '../world/target.ts'
import {
  origin,
  startUpstreamGateway,
  type UpstreamGateway,
  type UpstreamGatewayOptions,
} from '../world/upstream-gateway.ts'

const outOfUse = 'an upstream address is out of use'
const inUseAgain = 'an upstream address is in use again'

let a: Target
let b: Target
const open: { close(): Promise<unknown> }[] = []
beforeEach(async () => {
  a = await createTarget()
  b = await createTarget()
})
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
  await Promise.all([a.stop(), b.stop()])
})

/** With everything that a test opens. */
function opened<One extends { close(): Promise<unknown> }>(one: One): One {
  open.unshift(one)
  return one
}

describe.each(['node', 'fast'] as const)('over the %s lane', (lane) => {
  const start = async (options: Omit<UpstreamGatewayOptions, 'lane'>): Promise<UpstreamGateway> =>
    opened(await startUpstreamGateway({ lane, ...options }))
  const both = () => ({ [origin]: { addresses: [a.url, b.url] } })

  describe('two addresses', () => {
    test('share what is under way, and hear the name of the upstream', async () => {
      const hosts = new Set<string | undefined>()
      const held: (() => void)[] = []
      a.answer = b.answer = (request, response) => {
        hosts.add(request.headers.host)
        held.push(() => void response.end('ok'))
      }
      const { call } = await start({ upstreams: both() })
      const calls = Array.from({ length: 10 }, (_, i) => call(`/api/${i}`))
      await eventually(() => held.length).toBe(10)
      expect([a.seen.length, b.seen.length]).toEqual([5, 5])
      for (const answer of held) answer()
      for (const { status } of await Promise.all(calls)) expect(status).toBe(200)
      expect([...hosts]).toEqual(['orders.internal'])
    })

    test('one of which is killed under load: nothing that may be repeated fails', async () => {
      const logFile = join('/dev', 'null')
      const processes = await Promise.all(
        [a, b].map(async ({ url }, i) => {
          const target = [a, b][i] as Target
          await target.stop()
          const settings = { port: Number(new URL(url).port) }
          const child = createRestartableProcess({ script: 'target.child.ts', settings, logFile })
          opened({ close: () => child.kill() })
          await child.start()
          return child
        }),
      )
      const { call, lines } = await start({ upstreams: both() })
      const statuses: number[] = []
      const pids = new Set<string>()
      let isOver = false
      const load = Array.from({ length: 16 }, async () => {
        while (!isOver) {
          const { status, text } = await call('/api/x')
          statuses.push(status)
          pids.add(text)
        }
      })
      await eventually(() => pids.size).toBe(2)
      await processes[0]?.kill()
      await eventually(() => lines(outOfUse).length).toBe(1)
      const before = statuses.length
      await eventually(() => statuses.length).toBeGreaterThan(before + 200)
      await processes[0]?.start()
      await eventually(() => pids.size).toBe(3)
      isOver = true
      await Promise.all(load)
      expect(statuses.filter((status) => status !== 200)).toEqual([])
      expect(lines(outOfUse)).toHaveLength(1)
      expect(lines(inUseAgain)).toHaveLength(1)
    })

    test.each([
      ['no body', undefined],
      ['a body', 'short'],
      ['a streamed body', 'x'.repeat(3_000_000)],
    ])('one of which refuses: a POST with %s goes to the other, whole', async (_what, body) => {
      await a.stop()
      const lengths: number[] = []
      b.answer = (request, response) => {
        let length = 0
        request.on('data', (chunk) => {
          length += chunk.length
        })
        request.on('end', () => {
          lengths.push(length)
          response.end('ok')
        })
      }
      const { call } = await start({
        upstreams: { [origin]: { ...both()[origin], breaker: false } },
      })
      for (let i = 0; i < 8; i += 1) {
        const isLong = body && body.length > 1000
        const { status } = await call('/api/x', {
          method: 'POST',
          ...(body && { body: isLong ? Readable.from([body]) : body }),
          ...(isLong && { headers: { 'content-length': String(body.length) } }),
        })
        expect(status).toBe(200)
      }
      expect(lengths).toEqual(Array.from({ length: 8 }, () => body?.length ?? 0))
    })
  })

  describe('a connection that breaks', () => {
    const cut = () => {
      a.answer = (request) => request.socket.destroy()
      b.answer = a.answer
    }

    test('before the response: what may be repeated is asked elsewhere once', async () => {
      cut()
      const { call } = await start({ upstreams: both() })
      expect((await call('/api/x')).status).toBe(502)
      expect([a.seen.length, b.seen.length]).toEqual([1, 1])
    })

    test.each(['POST', 'PUT', 'DELETE'])('before the response: %s is not', async (method) => {
      cut()
      const { call } = await start({ upstreams: both() })
      expect((await call('/api/x', { method })).status).toBe(502)
      expect(a.seen.length + b.seen.length).toBe(1)
    })

    test('before the response: DELETE is if the configuration says so, with a body never', async () => {
      cut()
      const retries = { methods: ['DELETE' as const] }
      const { call } = await start({ upstreams: { [origin]: { ...both()[origin], retries } } })
      await call('/api/x', { method: 'DELETE', body: 'b' })
      expect(a.seen.length + b.seen.length).toBe(1)
      await call('/api/x', { method: 'DELETE' })
      expect(a.seen.length + b.seen.length).toBe(3)
    })

    test('within the head of the response: nothing is repeated', async () => {
      const raw = opened(await createRawUpstream())
      raw.answer = (socket) => void socket.end('HTTP/1.1 200 O')
      const upstreams = { [origin]: { addresses: [raw.url, b.url] } }
      await b.stop()
      const { call } = await start({ upstreams })
      await b.start()
      const results = []
      for (let i = 0; i < 12; i += 1) results.push((await call('/api/x')).status)
      const failed = results.filter((status) => status !== 200)
      expect(raw.heard.length).toBeGreaterThan(0)
      expect(failed).toHaveLength(raw.heard.length)
    })

    test('of those that were kept: GET is sent again on a new one, without any entry too', async () => {
      const routes = [{ match: '/api/*', upstream: a.url, token: 'none' as const }]
      const { call } = await start({ upstreams: {}, routes })
      expect((await call('/api/1')).status).toBe(200)
      a.answer = (request, response) => {
        if (a.connections === 1) request.socket.destroy()
        else response.end('new')
      }
      const { status, text } = await call('/api/2')
      expect([status, text]).toEqual([200, 'new'])
    })

    test('of a lone address, anew: it is not asked twice', async () => {
      cut()
      const { call } = await start({ upstreams: { [origin]: { addresses: [a.url] } } })
      expect((await call('/api/x')).status).toBe(502)
      expect(a.seen).toHaveLength(1)
    })
  })

  test('what comes of requests is counted, by address', async () => {
    const meter = registerMeter()
    opened({ close: async () => meter.close() })
    await a.stop()
    const upstreams = { [origin]: { addresses: [a.url, b.url], breaker: { failures: 1 } } }
    const { call } = await start({ upstreams })
    const count = (name: string, attributes: object) =>
      meter.read(`sallyport.upstream.${name}`, { upstream: origin, ...attributes })
    await eventually(async () => {
      await call('/api/x')
      return count('requests', { address: a.url, outcome: 'unconnected' })
    }).toBe(1)
    expect(count('requests', { address: b.url, outcome: 'answered' })).toBe(b.seen.length)
    expect(count('retries', {})).toBe(1)
    expect(count('in_use', { address: a.url })).toBe(0)
    expect(count('in_use', { address: b.url })).toBe(1)
    await eventually(() => count('active', {})).toBe(0)
  })

  test('no address in use: 503 at once, said once, until a trial goes well', async () => {
    await Promise.all([a.stop(), b.stop()])
    const upstreams = { [origin]: { addresses: [a.url, b.url], breaker: { failures: 2 } } }
    const gateway = await start({ upstreams })
    const codes = new Set<string>()
    await eventually(async () => {
      const { code } = await gateway.call('/api/x')
      codes.add(code)
      return code
    }).toBe('ERR_UPSTREAM_UNAVAILABLE')
    // The first pause is one second at most: it grows when trials fail.
    await eventually(async () => {
      const { header } = await gateway.call('/api/x')
      return Number(header('retry-after') ?? 0)
    }).toBeGreaterThanOrEqual(2)
    expect([...codes]).toEqual(['ERR_UPSTREAM_UNREACHABLE', 'ERR_UPSTREAM_UNAVAILABLE'])
    expect(gateway.lines(outOfUse)).toHaveLength(2)
    await Promise.all([a.start(), b.start()])
    await eventually(async () => (await gateway.call('/api/x')).status).toBe(200)
    await eventually(async () => {
      await gateway.call('/api/x')
      return gateway.lines(inUseAgain).length
    }).toBe(2)
    expect(gateway.lines(outOfUse)).toHaveLength(2)
  })

  test('statuses can count as failures', async () => {
    a.answer = (_request, response) => response.writeHead(503).end('own')
    const breaker = { failures: 2, statuses: [503] }
    const { call } = await start({ upstreams: { [origin]: { addresses: [a.url], breaker } } })
    const results = []
    for (let i = 0; i < 3; i += 1) results.push((await call('/api/x')).code)
    expect(results).toEqual(['', '', 'ERR_UPSTREAM_UNAVAILABLE'])
    expect(a.seen).toHaveLength(2)
  })
})
