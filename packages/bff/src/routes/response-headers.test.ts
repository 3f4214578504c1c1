import { describe, expect, test } from 'vitest'
import { headerValue, headerValues } from '../headers.ts'
import { type CompiledRoute, createRouteMatcher } from './match.ts'
import { toBrowserHeaders } from './response-headers.ts'
import { routeConfig } from './route.fixture.ts'

const [match, upstream] = ['/api/orders/*', 'http://orders.internal/v1/orders'] as const
const asked = { path: '/v1/orders/7/lines?x=1', current: '/api/orders/7/lines' }
const answer = (headers: string[]) => toBrowserHeaders(compile(match, upstream), headers, asked)

function compile(...route: Parameters<typeof routeConfig>) {
  const [compiled] = createRouteMatcher([routeConfig(...route)]).routes
  return compiled as CompiledRoute
}

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
    ['A138', ['Access-Control-Allow-Origin', 'Access-Control-Allow-Private-Network']],
    ['A160', ['CDN-Cache-Control', 'Surrogate-Control', 'X-Accel-Expires', 'Timing-Allow-Origin']],
    ['orders to a proxy in front', ['X-Accel-Redirect', 'X-Sendfile', 'X-Reproxy-URL']],
    ['A153', ['Speculation-Rules', 'Set-Login', 'Use-As-Dictionary', 'Accept-CH']],
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
    ['9', '/api/orders/7/9'],
    ['../8', '/api/orders/8'],
    ['?page=2', '/api/orders/7/lines?page=2'],
    ['', '/api/orders/7/lines?x=1'],
  ])('A153: Location %j becomes %s', (value, expected) =>
    expect(headerValue(answer(['Location', value]), 'location')).toBe(expected),
  )

  test.each(['http://orders.internal//evil.example', '/.//evil.example', '/x/..//evil.example'])(
    'A046: Location %s cannot become another host where a route is the whole origin',
    (value) => {
      const whole = compile('/*', 'http://orders.internal')
      const headers = toBrowserHeaders(whole, ['Location', value], { path: '/', current: '/' })
      expect(headerValue(headers, 'location')).toBeUndefined()
    },
  )

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
