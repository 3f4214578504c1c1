import { createSecret, randomToken } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../config.ts'
import { createCertificate } from './certificate.fixture.ts'
import type { UpstreamOptions } from './upstream-options.ts'

const orders = 'https://orders.internal'

function parse(upstreams: Record<string, UpstreamOptions>) {
  return parseConfig({
    ...{ publicUrl: 'https://app.example', issuer: 'https://idp.example', clientId: 'app' },
    clientAuthentication: { secret: randomToken() },
    sealKeys: [{ kid: 'k1', key: createSecret(randomToken()) }],
    routes: [
      { match: '/orders/*', upstream: `${orders}/v1` },
      { match: '/stock/*', upstream: 'http://stock.internal' },
    ],
    upstreams,
  })
}

const pair = createCertificate()
const own = { certificate: pair.certificate, key: createSecret(pair.key) }

describe('upstreams', () => {
  test('are those of all routes: with an entry, its defaults; without, one retry and no breaker', () => {
    const { upstreams } = parse({ [orders]: { addresses: ['https://10.0.0.1:8443'] } })
    const bounds = {
      ...{ maxConnections: 4096, queue: { length: 256, timeout: 5 }, addressPolicy: 'any' },
      timeouts: { connect: 5, idle: 300 },
    }
    expect(upstreams).toEqual({
      [orders]: {
        ...{ ...bounds, origin: orders, addresses: ['https://10.0.0.1:8443'] },
        retries: { most: 2, methods: ['GET', 'HEAD', 'OPTIONS'] },
        breaker: { failures: 3, longestPause: 10, statuses: [] },
      },
      'http://stock.internal': {
        ...{ ...bounds, origin: 'http://stock.internal', addresses: ['http://stock.internal'] },
        retries: { most: 1, methods: ['GET', 'HEAD', 'OPTIONS'] },
        breaker: undefined,
      },
    })
  })

  test('show no key', () => {
    const config = parse({ [orders]: { tls: own } })
    expect(config.upstreams[orders]?.tls?.key?.reveal()).toBe(pair.key)
    expect(JSON.stringify(config)).not.toContain('PRIVATE')
  })

  test.each<[string, string, Record<string, unknown>]>([
    [
      'must be the origin of a route',
      'upstreams["https://x.internal"]',
      { 'https://x.internal': {} },
    ],
    [
      'must be the origin of a route',
      'upstreams["https://orders.internal/"]',
      { [`${orders}/`]: {} },
    ],
    ['must be an origin', '.addresses[0]', { [orders]: { addresses: ['https://10.0.0.1/v1'] } }],
    ['must have the scheme', '.addresses[0]', { [orders]: { addresses: ['http://10.0.0.1'] } }],
    ['occurs twice', '.addresses[1]', { [orders]: { addresses: [orders, orders] } }],
    ['is for https', '.tls', { 'http://stock.internal': { tls: own } }],
    ['is needed with certificate', '.tls.key', { [orders]: { tls: { ...own, key: undefined } } }],
    ['is needed with key', '.tls.certificate', { [orders]: { tls: { key: own.key } } }],
    [
      'that belongs to certificate',
      '.tls.key',
      { [orders]: { tls: { ...own, key: createSecret(createCertificate().key) } } },
    ],
    ['must be certificates in PEM', '.tls.ca', { [orders]: { tls: { ca: own.key } } }],
    ['did you mean "retries"', '', { [orders]: { retry: {} } }],
    ['Invalid option', '.retries.methods[0]', { [orders]: { retries: { methods: ['POST'] } } }],
    ['Too small', '.maxConnections', { [orders]: { maxConnections: 0 } }],
  ])('that do not fit are named: %s, at %s', (message, path, upstreams) => {
    const attempt = () => parse(upstreams as Record<string, UpstreamOptions>)
    expect(attempt).toThrow(message)
    expect(attempt).toThrow(path)
    expect(attempt).not.toThrow(/PRIVATE/)
  })
})
