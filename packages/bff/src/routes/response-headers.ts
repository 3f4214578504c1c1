import type { HeaderList } from '../decision.ts'
import { headerValues } from '../headers.ts'
import { toCacheControl } from './cache-control.ts'
import type { CompiledRoute } from './match.ts'
import { connectionOptions } from './request-headers.ts'
import { toFrontendCookie } from './upstream-cookies.ts'

/** What was asked for, and what else the answer brings. */
export interface AnswerFacts {
  readonly publicUrl: URL
  readonly basePath: string
  /** What the upstream was asked for, with its query; a relative `Location` starts from there. */
  readonly path: string
  /** What we were asked for, below the frontend's base path. */
  readonly current: string
  /** Cookies of the BFF's own. */
  readonly setCookies: readonly string[]
}

/**
 * The header fields for the browser: of the upstream's what header-table.ts keeps. A `Location` that the
 * routes map becomes our path; one that leads elsewhere is dropped, unless its origin is one of
 * `redirectOrigins`: the BFF follows no redirect, and internal names stay inside.
 */
export function toBrowserHeaders(
  route: CompiledRoute,
  upstream: HeaderList,
  facts: AnswerFacts,
): HeaderList {
  const { responseRules: rules } = route
  const hopByHop = connectionOptions(upstream)
  const result: string[] = []
  const setCookies: string[] = []
  for (let i = 0; i < upstream.length; i += 2) {
    const { name, fate } = rules.of(upstream[i] as string)
    if ((fate !== 'kept' && fate !== 'rule') || hopByHop.has(name)) continue
    const value = upstream[i + 1] as string
    if (fate === 'kept') {
      result.push(name, value)
    } else if (name === 'location' || name === 'content-location') {
      const location = ownLocation(route, value, facts) ?? listedLocation(route, { name, value })
      if (location) result.push(name, location)
    } else if (name === 'set-cookie' && route.responseCookies) {
      const names = route.responseCookies
      const cookie = toFrontendCookie(value, { names, basePath: facts.basePath })
      if (cookie) setCookies.push(cookie)
    }
  }
  // Ours last, so that no other can take their place.
  setCookies.push(...facts.setCookies)
  pushCaching(result, { route, upstream, hasCookies: setCookies.length > 0 })
  result.push(...rules.added)
  for (const cookie of setCookies) result.push('set-cookie', cookie)
  return result
}

interface CachingFacts {
  route: CompiledRoute
  upstream: HeaderList
  hasCookies: boolean
}

function pushCaching(result: string[], { route, upstream, hasCookies }: CachingFacts): void {
  if (route.cache !== 'upstream' || hasCookies) {
    result.push('cache-control', 'no-store')
    return
  }
  const isPersonal = route.token !== 'none' || route.requestCookies !== undefined
  const value = toCacheControl(headerValues(upstream, 'cache-control'), isPersonal)
  result.push('cache-control', value)
  // Whoever signs in next in this browser gets nothing of what is kept now.
  if (isPersonal && value !== 'no-store') result.push('vary', 'cookie, authorization')
}

function ownLocation(
  route: CompiledRoute,
  value: string,
  { path, current, publicUrl }: AnswerFacts,
): string | undefined {
  const base = new URL(path, route.upstream)
  const target = URL.parse(value, base.href)
  if (!target) return undefined
  // Whoever believes `X-Forwarded-Host` calls itself by our origin, and its paths by its own names.
  const isUpstream = target.origin === route.upstream.origin || target.origin === publicUrl.origin
  const own = isUpstream ? route.fromUpstream(target.pathname, current) : undefined
  return own === undefined ? undefined : `${own}${target.search}${target.hash}`
}

function listedLocation(
  { redirectOrigins = [] }: CompiledRoute,
  { name, value }: { name: string; value: string },
): string | undefined {
  const target = name === 'location' ? URL.parse(value) : null
  return target && redirectOrigins.includes(target.origin) ? target.href : undefined
}
