import type { Secret } from '@sallyport/core'
import type { AccessTokenClaims } from '@sallyport/core/access-token'
import type { z } from 'zod'
import { parseRequirement, type Requirement, toRequirement } from '../requirement.ts'
import type { ApiAnswer } from './answer.ts'
import type { JsonBody } from './json-body.ts'

/** A request that anybody may send. */
export interface PublicCall {
  /** The path's `{name}` parts, percent-decoded. */
  params: Readonly<Record<string, string>>
  query: URLSearchParams
  /** Reads the body, at most 64 KiB, and validates it. Call it once. */
  readJson<T extends z.ZodType>(schema: T): Promise<JsonBody<z.output<T>>>
}

/** A request whose access token was verified, with the scopes of its route. */
export interface ApiCall extends PublicCall {
  claims: AccessTokenClaims
  /** To exchange it for a token of the next API. */
  accessToken: Secret
}

interface RoutePattern {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** `/orders/{id}`: each part is literal or a name in braces, which matches one segment. */
  path: string
}

/** A route for those whose access token meets the requirement. */
export interface GuardedRoute extends RoutePattern, Requirement {
  public?: undefined
  handle(call: ApiCall): ApiAnswer | Promise<ApiAnswer>
}

/** A route for everybody, said loudly. */
export interface PublicRoute extends RoutePattern {
  public: true
  handle(call: PublicCall): ApiAnswer | Promise<ApiAnswer>
}

export type ApiRoute = GuardedRoute | PublicRoute

/** What a method and a path lead to. */
export type RouteMatch =
  | { kind: 'route'; route: ApiRoute; params: Record<string, string> }
  | { kind: 'wrong-method'; allow: string }
  | { kind: 'none' }

/**
 * Prepares a table of routes for matching.
 *
 * @throws TypeError for a route that names neither scopes nor `public`, or whose path is none.
 */
export function createRouteTable(
  routes: readonly ApiRoute[],
): (method: string, path: string) => RouteMatch {
  const table = routes.map((route) => {
    assertRoute(route)
    return { route, parts: route.path.split('/') }
  })

  return (method, path) => {
    const segments = decodeSegments(path)
    const fits = table.flatMap(({ route, parts }) => {
      const params = segments && matchParts(parts, segments)
      return params ? [{ route, params }] : []
    })
    const found = fits.find(({ route }) => route.method === method)
    if (found) return { kind: 'route', ...found }
    if (fits.length === 0) return { kind: 'none' }
    return { kind: 'wrong-method', allow: fits.map(({ route }) => route.method).join(', ') }
  }
}

function assertRoute(route: ApiRoute): void {
  const { method, path } = route
  if (!/^(\/([\w.~-]+|\{\w+\}))+$/.test(path)) throw new TypeError(`${path} is not a route path`)
  if ((route.public === true) === 'scopes' in route) {
    throw new TypeError(`${method} ${path} must either name scopes or say public: true`)
  }
  if (route.public === true) return
  parseRequirement(toRequirement(route))
}

function decodeSegments(path: string): string[] | undefined {
  try {
    return path.split('/').map(decodeURIComponent)
  } catch {
    return undefined
  }
}

function matchParts(parts: string[], segments: string[]): Record<string, string> | undefined {
  if (parts.length !== segments.length) return undefined
  const params: Record<string, string> = {}
  for (const [at, part] of parts.entries()) {
    const segment = segments[at] as string
    if (!part.startsWith('{')) {
      if (part !== segment) return undefined
    } else if (segment === '') return undefined
    else params[part.slice(1, -1)] = segment
  }
  return params
}
