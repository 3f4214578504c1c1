import { describe, expect, test } from 'vitest'
import type { RouteConfig } from '../options/route-options.ts'
import { createRouteMatcher } from './match.ts'

function route(match: string, upstream = 'http://up.internal'): RouteConfig {
  return {
    match,
    upstream: new URL(upstream),
    methods: ['GET'],
    token: 'user',
    callers: ['browser'],
    visitor: false,
    grant: 'refresh',
    timeout: 30,
  }
}

describe('routes', () => {
  const match = createRouteMatcher([
    route('/api/*', 'http://a.internal'),
    route('/api/orders/*', 'http://b.internal/v1/orders'),
    route('/api/orders/health', 'http://c.internal/up'),
  ])

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
    expect(createRouteMatcher([route('/*')])('/any/thing')?.match).toBe('/*')
  })
})
