import { describe, expect, test } from 'vitest'
import { headerValue, headerValues } from '../headers.ts'
import type { RouteConfig } from '../options/route-options.ts'
import { toBrowserHeaders } from './response-headers.ts'
import { compile } from './route.fixture.ts'

const [match, upstream] = ['/api/orders/*', 'http://orders.internal/v1/orders'] as const
const facts = {
  ...{ publicUrl: new URL('https://app.example/shop'), basePath: '/shop', setCookies: [] },
  ...{ path: '/v1/orders/7/lines?x=1', current: '/api/orders/7/lines' },
}
const answer = (headers: string[], more: Partial<RouteConfig> = {}, setCookies: string[] = []) =>
  toBrowserHeaders(compile(match, upstream, more), headers, { ...facts, setCookies })

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
      const headers = toBrowserHeaders(whole, ['Location', value], {
        ...facts,
        path: '/',
        current: '/',
      })
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

describe('a Location', () => {
  const list = { redirectOrigins: ['https://files.example'] }
  const location = (value: string, name = 'Location') =>
    headerValue(answer([name, value], list), name.toLowerCase())

  test('of somebody who believes our forwarded host is one of theirs', () => {
    expect(location('https://app.example/v1/orders/8?a=1#b')).toBe('/api/orders/8?a=1#b')
    expect(location('https://app.example/bff/login')).toBeUndefined()
  })

  test('at a listed origin goes there as it is', () => {
    expect(location('https://files.example/x?signature=a%2Fb')).toBe(
      'https://files.example/x?signature=a%2Fb',
    )
    expect(location('https://files.example/x', 'Content-Location')).toBeUndefined()
  })

  test.each([
    ...['http://files.example/x', 'https://files.example:444/x', 'https://files.example.evil/x'],
    ...['//files.example/x', 'https://files.example@evil.example', 'data:,x'],
  ])('A154: %s is at no listed origin', (value) => expect(location(value)).toBeUndefined())
})

describe('a cookie of an upstream', () => {
  const names = { responseCookies: ['theme', 'a'] }
  const cookies = (...values: string[]) =>
    headerValues(
      answer(
        values.flatMap((value) => ['Set-Cookie', value]),
        names,
      ),
      'set-cookie',
    )

  test.each([
    ['theme=dark', 'theme=dark; Path=/shop; Secure; SameSite=Lax'],
    [
      'theme=dark; Domain=example; Path=/v1; HttpOnly; SameSite=Strict; Max-Age=60; Priority=High',
      'theme=dark; Path=/shop; Secure; HttpOnly; SameSite=Strict; Max-Age=60',
    ],
    [
      ' theme = "dark" ;SECURE;samesite=NONE; Partitioned; expires=Wed, 21 Oct 2026 07:28:00 GMT',
      'theme="dark"; Path=/shop; Secure; SameSite=Lax; Expires=Wed, 21 Oct 2026 07:28:00 GMT',
    ],
    ['theme=; max-age=-1; max-age=x', 'theme=; Path=/shop; Secure; SameSite=Lax'],
    ['theme=a=b; path=/x; path', 'theme=a=b; Path=/shop; Secure; SameSite=Lax'],
  ])('that is listed is the frontend’s: %s', (value, expected) => {
    expect(cookies(value)).toEqual([expected])
  })

  test.each([
    '__Host-Http-bff=evil; Path=/; Secure; HttpOnly',
    '=__Host-Http-bff=evil',
    '__host-http-bff=evil',
    'Theme=evil',
    'theme',
    '; theme=evil',
    'theme\u00a0=evil',
    'theme=a\tb',
    'theme="evil',
    'theme=a, __Host-Http-bff=evil',
    '',
  ])('A150: %j does not pass', (value) => expect(cookies(value)).toEqual([]))

  test('A150: does not pass on other routes', () => {
    expect(headerValues(answer(['Set-Cookie', 'theme=dark']), 'set-cookie')).toEqual([])
  })

  test('A150: comes before ours, which nothing of it can follow', () => {
    const headers = answer(['Set-Cookie', 'a=1'], names, ['__Host-Http-bff=x'])
    expect(headerValues(headers, 'set-cookie').at(-1)).toBe('__Host-Http-bff=x')
  })
})

describe('what may be kept', () => {
  const caching = (headers: string[], more: Partial<RouteConfig> = {}, ours: string[] = []) => {
    const found = answer(headers, { cache: 'upstream', ...more }, ours)
    return [headerValues(found, 'cache-control').join(), headerValues(found, 'vary').join()]
  }

  test.each([
    ['max-age=60', 'private, max-age=60'],
    ['public, max-age=60, s-maxage=600', 'private, max-age=60'],
    ['Private, No-Cache', 'private, no-cache'],
    ['no-store, max-age=60', 'no-store'],
    ['max-age=60, private="set-cookie"', 'no-store'],
    ['max-age=60; public', 'no-store'],
    ['max-age="60"', 'no-store'],
    ['community="x, public"', 'no-store'],
    ['', 'no-store'],
  ])('A160: of a person’s data, by their browser alone: %s becomes %s', (value, expected) => {
    const vary = expected === 'no-store' ? '' : 'cookie, authorization'
    expect(caching(['Cache-Control', value])).toEqual([expected, vary])
  })

  test('of nobody’s data is as the upstream says', () => {
    const fields = ['Cache-Control', 'public', 'cache-control', 's-maxage=60', 'Vary', 'accept']
    expect(caching(fields, { token: 'none' })).toEqual(['public, s-maxage=60', 'accept'])
    expect(caching(fields, { token: 'none', requestCookies: ['a'] })[0]).toBe('private')
    expect(caching([], { token: 'none' })).toEqual(['no-store', ''])
  })

  test('A157: is nothing that sets a cookie', () => {
    const fields = ['Cache-Control', 'max-age=60', 'Set-Cookie', 'a=1']
    expect(caching(fields)[0]).toBe('private, max-age=60')
    expect(caching(fields, { responseCookies: ['a'] })[0]).toBe('no-store')
    expect(caching(fields, {}, ['ours=1'])[0]).toBe('no-store')
  })
})

describe('what a route changes in answers', () => {
  const changes = {
    responseHeaders: {
      set: { 'content-security-policy': "default-src 'self'", 'x-own': '1' },
      remove: ['etag'],
    },
  }

  test('takes the place of what the upstream and the BFF say', () => {
    const headers = answer(['X-Own', '2', 'ETag', '"1"', 'X-Kept', '3'], changes)
    expect(headerValues(headers, 'content-security-policy')).toEqual(["default-src 'self'"])
    expect(headerValues(headers, 'x-own')).toEqual(['1'])
    expect(headerValues(headers, 'etag')).toEqual([])
    expect(headerValues(headers, 'x-kept')).toEqual(['3'])
    expect(headerValues(headers, 'x-content-type-options')).toEqual(['nosniff'])
  })
})
