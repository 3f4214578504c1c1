import type { RouteConfig } from '../options/route-options.ts'

/** A route ready to match, and to translate paths both ways. */
export interface CompiledRoute extends RouteConfig {
  /** The upstream's path for one of ours. */
  toUpstream(path: string): string
  /** Our path for one of the upstream's; `undefined` when it lies outside of the route. */
  fromUpstream(path: string): string | undefined
}

/** The most specific route of a canonical path: exact before prefix, long before short. */
export type RouteMatcher = (path: string) => CompiledRoute | undefined

/** Compiles routes once. Matching looks at each prefix of the path, not at each route. */
export function createRouteMatcher(routes: readonly RouteConfig[], basePath = ''): RouteMatcher {
  const exact = new Map<string, CompiledRoute>()
  const prefixes = new Map<string, CompiledRoute>()
  for (const route of routes) {
    const isPrefix = route.match.endsWith('/*')
    const base = isPrefix ? route.match.slice(0, -2) : route.match
    const map = isPrefix ? prefixes : exact
    map.set(base, compile(route, { base, basePath }))
  }

  return (path) => {
    const found = exact.get(path)
    if (found) return found
    for (let end = path.length; end >= 0; end = end === 0 ? -1 : path.lastIndexOf('/', end - 1)) {
      const prefix = prefixes.get(path.slice(0, end))
      if (prefix) return prefix
    }
    return undefined
  }
}

function compile(
  route: RouteConfig,
  { base, basePath }: { base: string; basePath: string },
): CompiledRoute {
  const upstreamBase = route.upstream.pathname.replace(/\/$/, '')
  return {
    ...route,
    toUpstream: (path) => `${upstreamBase}${path.slice(base.length)}` || '/',
    fromUpstream(path) {
      const isInside = path === upstreamBase || path.startsWith(`${upstreamBase}/`)
      return isInside ? `${basePath}${base}${path.slice(upstreamBase.length)}` || '/' : undefined
    },
  }
}
