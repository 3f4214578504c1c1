import type { BffConfig } from '../options.ts'
import { type CompiledRoute, createRouteMatcher, type RouteMatcher } from './match.ts'

/** Who answers a request. */
export type Destination =
  | { readonly kind: 'endpoint'; readonly route?: undefined }
  | { readonly kind: 'route'; readonly route: CompiledRoute }
  | { readonly kind: 'pass'; readonly route?: undefined }

/** What a frontend answers, compiled once. */
export interface Routing {
  readonly routes: RouteMatcher
  /**
   * By the canonical path below the base path: the BFF's own table, then the configured routes, else the
   * application around.
   *
   * @throws `ERR_REQUEST_INVALID` for a path parameter that is not one plain segment.
   */
  find(path: string, method: string): Destination
}

export function createRouting({ routes, basePath }: BffConfig): Routing {
  const matcher = createRouteMatcher(routes, basePath)
  return {
    routes: matcher,

    find(path, method) {
      if (path === '/bff' || path.startsWith('/bff/')) return { kind: 'endpoint' }
      const route = matcher.match(path, method)
      return route ? { kind: 'route', route } : { kind: 'pass' }
    },
  }
}
