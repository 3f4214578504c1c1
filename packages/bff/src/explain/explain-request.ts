import { errorCatalogue, errorCode, SallyportError } from '@sallyport/core'
import type { RequestHead } from '../decision.ts'
import { findEndpoint } from '../endpoints/call.ts'
import type { Endpoint } from '../endpoints/table.ts'
import type { FrontendsConfig } from '../frontends/check-frontends.ts'
import { createFrontendTable } from '../frontends/frontend-table.ts'
import { readPlace } from '../frontends/place.ts'
import type { BffConfig } from '../options.ts'
import { readRequest } from '../read-request.ts'
import { createRouting, type Routing } from '../routes/routing.ts'
import { explainRoute } from './explain-route.ts'
import type { Explanation, Outcome, RefusedOutcome } from './explanation.ts'
import { otherRoutes } from './other-routes.ts'

/** A request that somebody wonders about. */
export interface Question {
  readonly method: string
  /** Of the `Host` header. */
  readonly host: string
  /** The request-target: path and query, byte for byte. */
  readonly target: string
}

/**
 * Says what would become of a request, by the same tables, patterns and header rules that decide on
 * real ones. Nobody is asked: no store, no issuer, no upstream, and no tenant is looked up.
 */
export function explainRequest(config: FrontendsConfig, question: Question): Explanation {
  const { method, host, target } = question
  const head = { method, target, headers: ['host', host], remoteAddress: '' }
  const table = createFrontendTable(config.frontends, (one) => one)
  try {
    const found = table.find(readPlace(head))
    if (found) return { method, host, target, ...explainAt(found, head) }
    if (config.tenants) {
      return { method, host, target, outcome: { kind: 'tenant' }, others: [] }
    }
    throw new SallyportError('ERR_HOST_UNKNOWN', 'no frontend has this host')
  } catch (error) {
    return { method, host, target, outcome: refused(error), others: [] }
  }
}

type At = Pick<Explanation, 'frontend' | 'outcome' | 'others'>

function explainAt(config: BffConfig, head: RequestHead): At {
  const { frontend } = config
  const routing = createRouting(config)
  let path: string | undefined
  try {
    const request = readRequest(head, config, () => '')
    path = request.url.path
    const outcome = explainOutcome(request, { config, routing })
    return { frontend, outcome, others: otherRoutes(outcome, path, routing.routes) }
  } catch (error) {
    const outcome = refused(error)
    const others = path === undefined ? [] : otherRoutes(outcome, path, routing.routes)
    return { frontend, outcome, others }
  }
}

interface Compiled {
  config: BffConfig
  routing: Routing
}

function explainOutcome(
  request: ReturnType<typeof readRequest>,
  { config, routing }: Compiled,
): Outcome {
  const { method, url } = request
  const place = routing.find(url.path, method)
  if (place.kind === 'pass') return { kind: 'pass', path: url.path }
  if (place.kind === 'route') {
    if (!place.route.methods.includes(method))
      return wrongMethod(place.route.allow, request, config)
    return explainRoute(request, place.route, { config, index: indexOf(routing, place.route) })
  }
  const { endpoint, allow } = findEndpoint(request)
  if (endpoint?.isOff?.(config)) {
    return refused(new SallyportError('ERR_ROUTE_NOT_FOUND', 'the options leave this endpoint out'))
  }
  if (endpoint) {
    const { path, caller } = endpoint
    return { kind: 'endpoint', path, caller, csrf: demands[caller] }
  }
  if (allow.length > 0) return wrongMethod(allow, request, config)
  return refused(
    new SallyportError('ERR_ROUTE_NOT_FOUND', 'no endpoint of the BFF is at this path'),
  )
}

function indexOf(routing: Routing, route: Routing['routes']['routes'][number]): number {
  return routing.routes.routes.indexOf(route)
}

function wrongMethod(
  allow: readonly string[],
  { method }: RequestHead,
  { allowedOrigins }: BffConfig,
): RefusedOutcome {
  const isPreflight = method === 'OPTIONS' && allowedOrigins.length > 0
  const but = isPreflight ? '; a preflight of an allowed origin is answered all the same' : ''
  const why = `the path is served, for ${allow.join(', ')}${but}`
  return { ...refused(new SallyportError('ERR_METHOD_NOT_ALLOWED', why)), allow }
}

function refused(error: unknown): RefusedOutcome {
  const code = errorCode(error)
  if (code === 'ERR_INTERNAL') throw error
  const { status, title } = errorCatalogue[code]
  return { kind: 'refused', code, status, title, why: (error as SallyportError).message }
}

/** What `endpoints/call.ts` asks of callers, in words. */
const demands: Readonly<Record<Endpoint['caller'], string>> = {
  script: 'X-CSRF: 1, and Fetch Metadata, Origin and Referer of the application itself',
  page: 'a top-level navigation, no prefetch and no frame',
  'own-frame': 'a frame in a page of the application',
  return: 'a navigation, of the page or of a frame in it',
  frame: 'a frame in a page of the issuer; no cookie counts',
  issuer: 'a server, not a browser; what it sends proves itself',
  app: 'an app, not a browser; what it sends proves itself',
}
