import type { HeaderList } from '../decision.ts'
import type { CompiledRoute } from './match.ts'
import { connectionOptions } from './request-headers.ts'

/**
 * What an upstream may not say to the browser: it belongs to one hop, it speaks for the whole
 * origin (which is the BFF's), it commands a proxy or cache in front, or the BFF says it itself.
 */
const dropped = new Set([
  'accept-ch',
  'activate-storage-access',
  'alt-svc',
  'cache-control',
  'cdn-cache-control',
  'clear-site-data',
  'cloudflare-cdn-cache-control',
  'connection',
  'content-length',
  'content-security-policy',
  'content-security-policy-report-only',
  'critical-ch',
  'cross-origin-embedder-policy',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  'document-policy',
  'dpop-nonce',
  'edge-control',
  'expires',
  'integrity-policy',
  'keep-alive',
  'nel',
  'no-vary-search',
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
  'set-login',
  'sourcemap',
  'speculation-rules',
  'strict-transport-security',
  'surrogate-control',
  'te',
  'timing-allow-origin',
  'traceparent',
  'tracestate',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'use-as-dictionary',
  'vercel-cdn-cache-control',
  'via',
  'www-authenticate',
  'x-accel-charset',
  'x-accel-expires',
  'x-accel-limit-rate',
  'x-accel-redirect',
  'x-content-type-options',
  'x-frame-options',
  'x-lighttpd-send-file',
  'x-permitted-cross-domain-policies',
  'x-powered-by',
  'x-reproxy-url',
  'x-sendfile',
  'x-sourcemap',
])

/** CORS has one policy, the BFF's own: cors.ts. */
const droppedPrefix = 'access-control-'

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

/** What was asked for. */
export interface AskedPaths {
  /** Of the upstream, with its query; a relative `Location` starts from there. */
  readonly path: string
  /** Of us, below the frontend's base path. */
  readonly current: string
}

/**
 * The header fields for the browser. A `Location` inside of the route is translated to our path;
 * one that leads elsewhere is dropped: the BFF follows no redirect, and internal names stay inside.
 */
export function toBrowserHeaders(
  route: CompiledRoute,
  upstream: HeaderList,
  asked: AskedPaths,
): HeaderList {
  const hopByHop = connectionOptions(upstream)
  const result: string[] = []
  for (let i = 0; i < upstream.length; i += 2) {
    const name = (upstream[i] as string).toLowerCase()
    const value = upstream[i + 1] as string
    if (dropped.has(name) || name.startsWith(droppedPrefix) || hopByHop.has(name)) continue
    if (name !== 'location' && name !== 'content-location') {
      result.push(name, value)
      continue
    }
    const location = ownLocation(route, value, asked)
    if (location) result.push(name, location)
  }
  result.push(...added)
  return result
}

function ownLocation(
  route: CompiledRoute,
  value: string,
  { path, current }: AskedPaths,
): string | undefined {
  const base = new URL(path, route.upstream)
  if (!URL.canParse(value, base.href)) return undefined
  const target = new URL(value, base)
  if (target.origin !== route.upstream.origin) return undefined
  const own = route.fromUpstream(target.pathname, current)
  if (own === undefined) return undefined
  return `${own}${target.search}${target.hash}`
}
