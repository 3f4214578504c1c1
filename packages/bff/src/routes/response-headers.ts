import type { HeaderList } from '../decision.ts'
import type { CompiledRoute } from './match.ts'
import { connectionOptions } from './request-headers.ts'

/**
 * What an upstream may not say to the browser: it belongs to one hop, it speaks for the whole
 * origin (which is the BFF's), or the BFF says it itself.
 */
const dropped = new Set([
  'access-control-allow-credentials',
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-allow-origin',
  'access-control-expose-headers',
  'access-control-max-age',
  'alt-svc',
  'cache-control',
  'clear-site-data',
  'connection',
  'content-length',
  'content-security-policy',
  'content-security-policy-report-only',
  'cross-origin-embedder-policy',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  'document-policy',
  'expires',
  'keep-alive',
  'nel',
  'origin-agent-cluster',
  'permissions-policy',
  'pragma',
  'proxy-authenticate',
  'proxy-connection',
  'public-key-pins',
  'refresh',
  'referrer-policy',
  'report-to',
  'reporting-endpoints',
  'server',
  'service-worker-allowed',
  'set-cookie',
  'set-cookie2',
  'sourcemap',
  'strict-transport-security',
  'te',
  'traceparent',
  'tracestate',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'www-authenticate',
  'x-content-type-options',
  'x-frame-options',
  'x-powered-by',
  'x-sourcemap',
])

/**
 * Set on each proxied answer. An API's answer opened as a page can run nothing and stays in no
 * cache; other origins cannot embed it.
 */
const added: HeaderList = [
  ...['cache-control', 'no-store'],
  ...['content-security-policy', "default-src 'none'; frame-ancestors 'none'; sandbox"],
  ...['cross-origin-resource-policy', 'same-origin'],
  ...['referrer-policy', 'no-referrer'],
  ...['x-content-type-options', 'nosniff'],
]

/**
 * The header fields for the browser. A `Location` inside of the route is translated to our path;
 * one that leads elsewhere is dropped: the BFF follows no redirect, and internal names stay inside.
 */
export function toBrowserHeaders(route: CompiledRoute, upstream: HeaderList): HeaderList {
  const hopByHop = connectionOptions(upstream)
  const result: string[] = []
  for (let i = 0; i < upstream.length; i += 2) {
    const name = (upstream[i] as string).toLowerCase()
    const value = upstream[i + 1] as string
    if (dropped.has(name) || hopByHop.has(name)) continue
    if (name !== 'location' && name !== 'content-location') {
      result.push(name, value)
      continue
    }
    const location = ownLocation(route, value)
    if (location) result.push(name, location)
  }
  result.push(...added)
  return result
}

function ownLocation(route: CompiledRoute, value: string): string | undefined {
  if (!URL.canParse(value, route.upstream.href)) return undefined
  const target = new URL(value, route.upstream)
  if (target.origin !== route.upstream.origin) return undefined
  const path = route.fromUpstream(target.pathname)
  return path === undefined ? undefined : `${path}${target.search}${target.hash}`
}
