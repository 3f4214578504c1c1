import { describe, expect, test } from 'vitest'
import { headerValue, headerValues } from '../headers.ts'
import type { RouteConfig } from '../options.ts'
import { createRouteMatcher } from './match.ts'
import { toBrowserHeaders } from './response-headers.ts'

const config: RouteConfig = {
  match: '/api/orders/*',
  upstream: new URL('http://orders.internal/v1/orders'),
  methods: ['GET'],
  token: 'user',
  timeout: 30,
}
const route = createRouteMatcher([config])('/api/orders')
if (!route) throw new Error('the route must match its own base')
const answer = (headers: string[]) => toBrowserHeaders(route, headers)

describe('headers to a browser', () => {
  test('keep what describes the content', () => {
    const headers = answer(['Content-Type', 'text/csv', 'ETag', '"1"', 'Link', '</x>; rel=next'])
    expect(headers.slice(0, 6)).toEqual([
      'content-type',
      'text/csv',
      'etag',
      '"1"',
      'link',
      '</x>; rel=next',
    ])
  })

  test.each([
    ['A138', ['Access-Control-Allow-Origin', 'Access-Control-Allow-Credentials']],
    ['A150', ['Set-Cookie', 'set-cookie2']],
    [
      'A153',
      [
        'Clear-Site-Data',
        'Strict-Transport-Security',
        'Refresh',
        'Alt-Svc',
        'Service-Worker-Allowed',
        'SourceMap',
      ],
    ],
    ['hop by hop', ['Keep-Alive', 'Transfer-Encoding', 'Trailer', 'Upgrade', 'Proxy-Authenticate']],
    ['names', ['Server', 'X-Powered-By', 'Via', 'WWW-Authenticate']],
  ])('%s: %j do not pass', (_row, names) => {
    for (const name of names) {
      expect(headerValues(answer([name, 'evil']), name.toLowerCase()), name).not.toContain('evil')
    }
  })

  test('what Connection names does not pass', () => {
    expect(headerValues(answer(['Connection', 'x-hop', 'X-Hop', '1']), 'x-hop')).toEqual([])
  })

  test('A160, A162: are kept in no cache, sniffed by nobody, and run nothing', () => {
    const headers = answer([
      'Cache-Control',
      'public',
      'Content-Security-Policy',
      "script-src 'unsafe-inline'",
    ])
    expect(headerValue(headers, 'cache-control')).toBe('no-store')
    expect(headerValue(headers, 'x-content-type-options')).toBe('nosniff')
    expect(headerValue(headers, 'content-security-policy')).toContain('sandbox')
    expect(headerValue(headers, 'cross-origin-resource-policy')).toBe('same-origin')
  })

  test.each([
    ['/v1/orders/7', '/api/orders/7'],
    ['http://orders.internal/v1/orders?page=2', '/api/orders?page=2'],
    ['7', '/api/7'],
  ])('A153: Location %s becomes ours', (value) => {
    const location = headerValue(answer(['Location', value]), 'location')
    expect(location === undefined || location.startsWith('/api/orders')).toBe(true)
  })

  test.each([
    'https://internal/x',
    '//evil',
    '/v1/ordersevil',
    '/admin',
    'javascript:alert(1)',
    'http://orders.internal:81/v1/orders',
    '/v1/orders/../../admin',
  ])('A153, A154: Location %s is dropped', (value) =>
    expect(headerValue(answer(['Location', value]), 'location')).toBeUndefined(),
  )
})
