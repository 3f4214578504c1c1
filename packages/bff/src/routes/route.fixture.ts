import type { RouteConfig } from '../options/route-options.ts'
import { type CompiledRoute, createRouteMatcher } from './match.ts'

/** A route with every default, and what a test is about. */
export function routeConfig(match: string, upstream: string, more: Partial<RouteConfig> = {}) {
  return {
    ...{ match, upstream: new URL(upstream), methods: ['GET'], timeout: 30 },
    ...{ token: 'user', callers: ['browser'], visitor: false, grant: 'refresh' },
    ...more,
  } as RouteConfig
}

/** The same, compiled as the only one. */
export function compile(...route: Parameters<typeof routeConfig>): CompiledRoute {
  const [compiled] = createRouteMatcher([routeConfig(...route)]).routes
  return compiled as CompiledRoute
}
