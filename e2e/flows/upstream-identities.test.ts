import type { ServerOptions } from 'node:https'
import type { TLSSocket } from 'node:tls'
import type { UpstreamOptions } from '@sallyport/bff'
import { createSecret } from '@sallyport/core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  type Certified,
  createCertificate,
} from '../../packages/identity/src/testing/certificates.ts'
import { createTarget, type Target } from '../world/target.ts'
import { startUpstreamGateway, type UpstreamGateway } from '../world/upstream-gateway.ts'

const authority = createCertificate({ subject: [['CN', 'authority']], isAuthority: true })
const stranger = createCertificate({ subject: [['CN', 'stranger']], isAuthority: true })
const issue = (name: string, by = authority) =>
  createCertificate({ subject: [['CN', name]], authority: by, dnsName: name })

let tls: Target
let plain: Target
const gateways: UpstreamGateway[] = []
beforeAll(async () => {
  const own = issue('orders.internal')
  const options: ServerOptions = {
    ...{ cert: own.cert, key: own.key, ca: authority.cert, requestCert: true },
  }
  tls = await createTarget(options)
  tls.answer = (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate()
    response.end(`${subject?.CN} for ${request.headers.host}`)
  }
  plain = await createTarget()
})
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.close()
})
afterAll(async () => {
  await tls.stop()
  await plain.stop()
})

const showing = ({ cert, key }: Certified) => ({ certificate: cert, key: createSecret(key) })

describe.each(['node', 'fast'] as const)('over the %s lane', (lane) => {
  async function start(upstreams: Record<string, UpstreamOptions>): Promise<UpstreamGateway> {
    const routes = Object.keys(upstreams).map((upstream, i) => {
      return { match: `/api${i}/*`, upstream, token: 'none' as const }
    })
    const gateway = await startUpstreamGateway({ lane, upstreams, routes })
    gateways.push(gateway)
    return gateway
  }
  const at = (origin: string, options: UpstreamOptions) => ({
    [origin]: { addresses: [tls.url], ...options },
  })

  test('an upstream of a private authority knows the BFF by its certificate', async () => {
    const bff = showing(issue('bff'))
    const { call } = await start(
      at('https://orders.internal', { tls: { ca: authority.cert, ...bff } }),
    )
    for (let i = 0; i < 2; i += 1) {
      expect((await call('/api0/x')).text).toBe('bff for orders.internal')
    }
  })

  test.each([
    ['comes from another authority', 'https://orders.internal', stranger.cert],
    ['comes from no authority that is known', 'https://orders.internal', undefined],
    ['is for another name', 'https://inventory.internal', authority.cert],
  ])('is not asked when its certificate %s', async (_how, origin, ca) => {
    const seen = tls.seen.length
    const { call, lines } = await start(at(origin, { tls: { ca, ...showing(issue('bff')) } }))
    expect((await call('/api0/x')).code).toBe('ERR_UPSTREAM_UNREACHABLE')
    expect(tls.seen).toHaveLength(seen)
    expect(JSON.stringify(lines('an upstream failed'))).not.toContain('PRIVATE')
  })

  test('the name in its certificate can be another than that of the origin', async () => {
    const identity = { ca: authority.cert, serverName: 'orders.internal', ...showing(issue('bff')) }
    const { call } = await start(at('https://inventory.internal', { tls: identity }))
    expect((await call('/api0/x')).text).toBe('bff for inventory.internal')
  })

  test('a client certificate that the upstream does not want is a failure', async () => {
    const identity = { ca: authority.cert, ...showing(issue('bff', stranger)) }
    const { call } = await start(at('https://orders.internal', { tls: identity }))
    expect((await call('/api0/x')).status).toBe(502)
  })

  test('A185: two identities at one address never share a connection', async () => {
    const server = { ca: authority.cert, serverName: 'orders.internal' }
    const { call } = await start({
      ...at('https://one.internal', { tls: { ...server, ...showing(issue('one')) } }),
      ...at('https://two.internal', { tls: { ...server, ...showing(issue('two')) } }),
    })
    const texts = []
    for (const path of ['/api0/x', '/api1/x', '/api0/x', '/api1/x']) {
      texts.push((await call(path)).text)
    }
    expect(texts).toEqual([
      ...['one for one.internal', 'two for two.internal'],
      ...['one for one.internal', 'two for two.internal'],
    ])
  })

  describe('A181: addressPolicy public', () => {
    test.each([
      ['localhost', 'localhost'],
      ['127.0.0.1', '127.0.0.1'],
      ['its number', '2130706433'],
      ['its IPv6 form', '[::ffff:127.0.0.1]'],
      ['loopback of IPv6', '[::1]'],
      ['no address at all', '0.0.0.0'],
    ])('connects to nobody by the name %s', async (_name, host) => {
      const { port } = new URL(plain.url)
      const address = new URL(`http://${host}:${port}`).origin
      const before = plain.connections
      const origin = 'http://orders.example'
      const health = { path: '/health', interval: 1 }
      const limited = { addresses: [address], addressPolicy: 'public' as const, health }
      const { call, lines } = await start({ [origin]: limited })
      const { status, code } = await call('/api0/x')
      expect([status, code]).toEqual([502, 'ERR_UPSTREAM_UNREACHABLE'])
      expect(lines('an upstream failed')[0]).toMatchObject({
        error: { code: 'UPSTREAM_ADDRESS_REFUSED' },
      })
      expect(plain.connections).toBe(before)
    })
  })
})
