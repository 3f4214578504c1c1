import { describe, expect, test } from 'vitest'
import { createRouteMatcher } from './match.ts'
import { routeConfig } from './route.fixture.ts'

const table = (...routes: [match: string, upstream: string, methods?: string[]][]) =>
  createRouteMatcher(
    routes.map(([match, upstream, methods = ['GET']]) => routeConfig(match, upstream, { methods })),
  )

describe('routes', () => {
  const { match } = table(
    ['/api/*', 'http://a.internal'],
    ['/api/orders/*', 'http://b.internal/v1/orders'],
    ['/api/orders/health', 'http://c.internal/up'],
  )

  test.each([
    ['/api', 'a.internal', '/'],
    ['/api/x/y', 'a.internal', '/x/y'],
    ['/api/orders', 'b.internal', '/v1/orders'],
    ['/api/orders/7', 'b.internal', '/v1/orders/7'],
    ['/api/orders/', 'b.internal', '/v1/orders/'],
    ['/api/orders/health', 'c.internal', '/up'],
    ['/api/orders/health/x', 'b.internal', '/v1/orders/health/x'],
  ])('%s goes to %s%s', (path, host, upstreamPath) => {
    const found = match(path)
    expect(found?.upstream.host).toBe(host)
    expect(found?.toUpstream(path)).toBe(upstreamPath)
  })

  test.each(['/apix', '/api-internal', '/api.evil', '/API/x', '/', '/ap'])(
    'A178: %s is not a part of /api',
    (path) => expect(match(path)).toBeUndefined(),
  )

  test('match everything with /*', () => {
    expect(table(['/*', 'http://a']).match('/any/thing')?.match).toBe('/*')
    expect(table(['/*', 'http://a']).match('/')?.match).toBe('/*')
  })
})

describe('parameters', () => {
  const { match } = table(
    ['/api/orders/{id}', 'http://a/v1/orders/{id}'],
    ['/api/orders/{id}/lines/{line}', 'http://a/v1/lines/{line}/of/{id}'],
    ['/api/{tenant}/files/*', 'http://files/v2/{tenant}'],
    ['/api/{tenant}/about', 'http://files/about/'],
    ['/{tenant}', 'http://files/{tenant}/home'],
  )

  test.each([
    ['/api/orders/7', '/v1/orders/7'],
    ['/api/orders/a%20b;c=1', '/v1/orders/a%20b;c=1'],
    ['/api/orders/7/lines/2', '/v1/lines/2/of/7'],
    ['/api/acme/files', '/v2/acme'],
    ['/api/acme/files/', '/v2/acme/'],
    ['/api/acme/files/x/y', '/v2/acme/x/y'],
    ['/api/acme/about', '/about'],
    ['/acme', '/acme/home'],
    ['/%C3%A9', '/%C3%A9/home'],
  ])('%s goes to %s', (path, upstreamPath) => {
    expect(match(path)?.toUpstream(path)).toBe(upstreamPath)
  })

  test.each([
    ['A178', '/api/orders/7/lines'],
    ['A178', '/api/orders/7/8'],
    ['A178', '/api/orders/'],
    ['A178', '/api/orders/7/'],
    ['A178', '/api//files'],
    ['A178', '/api/acme/filesx'],
    ['A178', '/'],
  ])('%s: nothing matches %s', (_row, path) => expect(match(path)).toBeUndefined())

  test.each(['/api/orders/;x', '/api/;a=b/files/x', '/;'])(
    'A172: a value that servers may cut off to nothing is refused: %s',
    (path) => expect(() => match(path)).toThrow('is not one plain segment'),
  )

  test.each([
    '/api/orders/%252e%252E',
    '/api/orders/..%252fadmin',
    '/api/a%255Cb/files',
    '/a%2500',
  ])('A170: a value that becomes a slash or a dot when decoded once more is refused: %s', (path) =>
    expect(() => match(path)).toThrow('is not one plain segment'),
  )
})

describe('of patterns that match the same path', () => {
  const { match, matchAll } = table(
    ['/*', 'http://a'],
    ['/api/{a}/{b}', 'http://a'],
    ['/api/{a}/x', 'http://a'],
    ['/api/orders/*', 'http://a'],
    ['/api/orders/{id}', 'http://a'],
    ['/api/orders/special', 'http://a'],
    ['/api/{a}/*', 'http://a'],
    ['/api/other/special/deep', 'http://a'],
  )

  test.each([
    ['/api/orders/special', '/api/orders/special'],
    ['/api/orders/7', '/api/orders/{id}'],
    ['/api/orders/x', '/api/orders/{id}'],
    ['/api/orders', '/api/orders/*'],
    ['/api/other/x', '/api/{a}/x'],
    ['/api/other/special', '/api/{a}/{b}'],
    ['/api/other/y/z', '/api/{a}/*'],
    ['/api', '/*'],
  ])('the most specific counts, segment by segment: %s is for %s', (path, expected) => {
    expect(match(path)?.match).toBe(expected)
  })

  test('all are found, the most specific first', () => {
    const found = matchAll('/api/orders/special').flat()
    expect(found.map((route) => route.match)).toEqual([
      ...['/api/orders/special', '/api/orders/{id}', '/api/orders/*'],
      ...['/api/{a}/{b}', '/api/{a}/*', '/*'],
    ])
  })
})

describe('routes of one pattern', () => {
  const { match } = table(
    ['/api/{id}', 'http://read/{id}', ['GET', 'HEAD']],
    ['/api/{other}', 'http://write/w/{other}', ['PUT']],
    ['/*', 'http://all', ['DELETE']],
  )

  test('share the methods, each with parameters of its own', () => {
    expect(match('/api/7', 'HEAD')?.toUpstream('/api/7')).toBe('/7')
    expect(match('/api/7', 'PUT')?.toUpstream('/api/7')).toBe('/w/7')
  })

  test('answer for methods of none of them, and leave them to no wider pattern', () => {
    expect(match('/api/7', 'DELETE')?.methods).not.toContain('DELETE')
    expect(match('/api/7', 'DELETE')?.allow).toEqual(['GET', 'HEAD', 'PUT'])
    expect(match('/api', 'DELETE')?.allow).toEqual(['DELETE'])
  })
})

test('a search looks at as much with one route as with a thousand', () => {
  const visits = (count: number) => {
    let visited = 0
    const routes = Array.from({ length: count }, (_, i) =>
      routeConfig(`/api/things${i}/{id}/parts/*`, 'http://a'),
    )
    const { match } = createRouteMatcher(routes, '', () => {
      visited += 1
    })
    expect(match('/api/things0/7/parts/x')?.match).toBe('/api/things0/{id}/parts/*')
    return visited
  }
  expect(visits(1)).toBe(5)
  expect(visits(1000)).toBe(5)
})

describe('a path of the upstream becomes ours', () => {
  const all = createRouteMatcher(
    [
      routeConfig('/api/orders/{id}', 'http://a/v1/orders/{id}'),
      routeConfig('/api/{tenant}/files/*', 'http://a/v2'),
      routeConfig('/api/jobs/*', 'http://a/jobs'),
      routeConfig('/api/jobs/secret', 'http://b/jobs/secret'),
      routeConfig('/api/jobs/moved', 'http://a/elsewhere'),
      routeConfig('/api/home', 'http://a'),
      routeConfig('/api/other/*', 'http://b/other'),
    ],
    '/shop',
  )

  test.each([
    ['/api/orders/7', '/v1/orders/8', '/shop/api/orders/8'],
    ['/api/orders/7', '/jobs/1', '/shop/api/jobs/1'],
    ['/api/orders/7', '/', '/shop/api/home'],
    ['/api/acme/files/x', '/v2/y', '/shop/api/acme/files/y'],
    ['/api/orders/7', '/v2/y', undefined],
    ['/api/orders/7', '/other/x', undefined],
    ['/api/orders/7', '/jobs/secret', undefined],
    ['/api/orders/7', '/jobs/moved', undefined],
    ['/api/orders/7', '/v1/orders/%2e%2e', undefined],
    ['/api/orders/7', '/v1/orders/a%2Fb', undefined],
    ['/api/orders/7', '/v1/orders/', undefined],
  ])('A153: asked at %s, %s is %s', (current, path, expected) => {
    expect(all.match(current)?.fromUpstream(path, current)).toBe(expected)
  })
})
