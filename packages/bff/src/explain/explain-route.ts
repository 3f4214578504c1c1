import { type ErrorCode, errorCatalogue } from '@sallyport/core'
import { csrfHeader } from '@sallyport/core/contract'
import type { BffRequest } from '../context.ts'
import type { HeaderList } from '../decision.ts'
import type { BffConfig } from '../options.ts'
import { needsCsrfHeader, whoseToken } from '../routes/admission.ts'
import { requestTable, responseTable } from '../routes/header-table.ts'
import type { CompiledRoute } from '../routes/match.ts'
import { toUpstreamPath } from '../routes/proxy.ts'
import { toUpstreamHeaders } from '../routes/request-headers.ts'
import { toBrowserHeaders } from '../routes/response-headers.ts'
import { toTokenRequest } from '../tokens/token-request.ts'
import type {
  CallerExplanation,
  HeadersExplanation,
  RouteOutcome,
  TokenExplanation,
} from './explanation.ts'

/** Says what a route does with a request that it gets. */
export function explainRoute(
  request: BffRequest,
  route: CompiledRoute,
  { config, index }: { config: BffConfig; index: number },
): RouteOutcome {
  const { match, methods, upstream, timeout, cache = 'none' } = route
  const { publicUrl, basePath } = config
  const path = toUpstreamPath(route, request.url)
  const current = request.url.path
  const answer = toBrowserHeaders(route, [], { publicUrl, basePath, path, current, setCookies: [] })
  const callers = explainCallers(route)
  return {
    ...{ kind: 'route', match, index, methods, callers },
    upstream: `${upstream.origin}${path}`,
    request: explainRequestHeaders(request, route, { config, callers }),
    response: {
      set: toPairs(answer).filter(({ name }) => name !== 'cache-control' || cache === 'none'),
      removed: route.responseHeaders?.remove ?? [],
      policy: responseTable,
      cache,
      cookies: route.responseCookies ?? [],
      redirectOrigins: route.redirectOrigins ?? [],
    },
    cors: { origins: config.allowedOrigins, methods: route.allow },
    limits: { timeout },
  }
}

function explainCallers(route: CompiledRoute): CallerExplanation[] {
  return route.callers.flatMap((caller) => {
    if (caller !== 'browser') return explainApp(route, caller)
    return [explainBrowser(route, true), explainBrowser(route, false)]
  })
}

function explainBrowser(route: CompiledRoute, isNamed: boolean): CallerExplanation {
  const whose = whoseToken(route, isNamed)
  const needs = needsCsrfHeader(route, { isApp: false, isNamed })
    ? [
        `${csrfHeader.name}: ${csrfHeader.value}`,
        'Fetch Metadata, Origin and Referer of the application',
      ]
    : ['Fetch Metadata, Origin and Referer, when they are sent, of the application']
  const caller = isNamed ? 'session' : 'visitor'
  if (whose === 'user' && !isNamed) return { caller, needs, refused: refusal('ERR_LOGIN_REQUIRED') }
  return { caller, needs, token: explainToken(route, whose) }
}

function explainApp(route: CompiledRoute, caller: 'bearer' | 'native'): CallerExplanation {
  const sends = {
    bearer:
      'an access token of the issuer’s for this BFF, Authorization: Bearer or DPoP as configured',
    native: 'the token of its session, Authorization: DPoP, and a proof of its key',
  }
  const scopes = caller === 'bearer' ? (route.callerScopes ?? []) : []
  const needs = [sends[caller], ...(scopes.length > 0 ? [`scopes: ${scopes.join(' ')}`] : [])]
  if (needsCsrfHeader(route, { isApp: true, isNamed: false })) needs.push(csrfHeader.name)
  const token = explainToken(route, 'user')
  return { caller, needs, token: caller === 'bearer' ? { ...token, grant: 'exchange' } : token }
}

function explainToken(route: CompiledRoute, kind: TokenExplanation['kind']): TokenExplanation {
  if (kind === 'none') return { kind }
  const { resource, audience, scopes, grant } = toTokenRequest(route)
  const isNarrow = resource !== undefined || audience !== undefined || scopes !== undefined
  const ofUser = isNarrow ? (grant ?? 'refresh') : 'session'
  return {
    ...{ kind, grant: kind === 'client' ? 'client_credentials' : ofUser },
    ...(resource !== undefined && { resource }),
    ...(audience !== undefined && { audience }),
    ...(scopes !== undefined && { scopes }),
  }
}

function explainRequestHeaders(
  request: BffRequest,
  route: CompiledRoute,
  { config, callers }: { config: BffConfig; callers: readonly CallerExplanation[] },
): HeadersExplanation {
  const hasToken = callers.some(({ token }) => token && token.kind !== 'none')
  const headers = toUpstreamHeaders(
    { ...request, headers: [] },
    {
      ...{ publicUrl: config.publicUrl, upstream: route.upstream },
      // What a route sets may be a key: its name says enough.
      rules: { ...route.requestRules, added: route.requestRules.added.map(hideValues) },
      credentials: hasToken ? ['authorization', '<the caller’s token, if it has one>'] : [],
      clientAddress: '<the client’s address>',
      cookies: route.requestCookies && `<${route.requestCookies.join(', ')}>`,
      visitor: route.visitor ? '<the visitor’s id>' : undefined,
      trace: { traceparent: '<the trace>' },
    },
  )
  const removed = route.requestHeaders?.remove ?? []
  return { set: toPairs(headers), removed, policy: requestTable }
}

function hideValues(text: string, i: number): string {
  return i % 2 === 1 ? '<set by the route>' : text
}

function toPairs(headers: HeaderList): { name: string; value: string }[] {
  return headers.flatMap((name, i) =>
    i % 2 === 0 ? [{ name, value: headers[i + 1] as string }] : [],
  )
}

function refusal(code: ErrorCode) {
  return { code, status: errorCatalogue[code].status }
}
