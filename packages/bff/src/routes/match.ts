import { SallyportError } from '@sallyport/core'
import type { RouteConfig } from '../options/route-options.ts'
import { canonicalPath } from '../target.ts'
import { createHeaderRules } from './header-rules.ts'
import { type Pattern, parsePattern } from './pattern.ts'
import { compileRouteHeaders, type RouteHeaders } from './route-headers.ts'
import { compileTranslation, hasPlainParameters, type Translation } from './translate.ts'

/** A route ready to match, and to translate paths both ways. */
export interface CompiledRoute extends RouteConfig, RouteHeaders {
  readonly pattern: Pattern
  /** The methods of all routes of this pattern: what `Allow` says. */
  readonly allow: readonly string[]
  /** The upstream's path for one of ours. */
  toUpstream(path: string): string
  /**
   * Our path for one of the upstream's, by this route or by another one to the same origin, whichever
   * leads back there; `undefined` when none does.
   *
   * @param current our path, below the frontend's base path, that this route serves now.
   */
  fromUpstream(path: string, current: string): string | undefined
}

/** All routes of a frontend, compiled once. */
export interface RouteMatcher {
  readonly routes: readonly CompiledRoute[]
  /**
   * The route of a canonical path: of all patterns that match it the most specific one, and of its
   * routes the one for this method, or else the first.
   *
   * @throws `ERR_REQUEST_INVALID` when a parameter's value is not one plain segment.
   */
  match(path: string, method?: string): CompiledRoute | undefined
  /** The routes of each pattern that matches a path, the most specific first. */
  matchAll(path: string): (readonly CompiledRoute[])[]
}

/** A place in the tree of patterns: one level is one segment. */
interface Node {
  readonly literals: Map<string, Node>
  parameter?: Node
  /** Routes whose pattern ends here. */
  exact?: CompiledRoute[]
  /** Routes whose pattern goes on with `/*` here. */
  rest?: CompiledRoute[]
}

/** One look for a path. */
interface Search {
  readonly path: string
  /** Whether to end at what was found. */
  accepts(routes: readonly CompiledRoute[]): boolean
}

/**
 * Compiles routes into a tree. Literal before parameter before wildcard, segment by segment: so a
 * search looks at the segments of the path, not at the routes.
 *
 * @param onVisit told of each node that a search looks at.
 */
export function createRouteMatcher(
  routes: readonly RouteConfig[],
  basePath = '',
  onVisit?: () => void,
): RouteMatcher {
  const root: Node = { literals: new Map() }
  const headerRules = createHeaderRules()
  const compiled: CompiledRoute[] = []
  const translations = new Map<CompiledRoute, Translation>()
  for (const route of routes) {
    const pattern = parsePattern(route.match)
    const translation = compileTranslation(pattern, route.upstream)
    const place = placeOf(root, pattern)
    const one: CompiledRoute = {
      ...route,
      ...compileRouteHeaders(route, headerRules),
      pattern,
      get allow() {
        return place.flatMap(({ methods }) => methods)
      },
      toUpstream: translation.toUpstream,
      fromUpstream: (path, current) => findOwn(path, { route: one, current }),
    }
    place.push(one)
    compiled.push(one)
    translations.set(one, translation)
  }

  function walk(node: Node, at: number, search: Search): readonly CompiledRoute[] | undefined {
    onVisit?.()
    const { path } = search
    if (at > path.length) {
      if (node.exact && search.accepts(node.exact)) return node.exact
    } else {
      const slash = path.indexOf('/', at)
      const end = slash < 0 ? path.length : slash
      const literal = node.literals.get(path.slice(at, end))
      const parameter = end > at ? node.parameter : undefined
      const found =
        (literal && walk(literal, end + 1, search)) ??
        (parameter && walk(parameter, end + 1, search))
      if (found) return found
    }
    return node.rest && search.accepts(node.rest) ? node.rest : undefined
  }

  function find(path: string, method?: string): CompiledRoute | undefined {
    const found = walk(root, 1, { path, accepts: always })
    if (!found || found.length === 1 || method === undefined) return found?.[0]
    return found.find(({ methods }) => methods.includes(method)) ?? found[0]
  }

  /** Looks through all routes, as only answers that lead elsewhere need it. */
  function findOwn(given: string, from: { route: CompiledRoute; current: string }) {
    const { origin } = from.route.upstream
    const path = canonical(given)
    if (path === undefined) return undefined
    for (const route of [from.route, ...compiled]) {
      if (route.upstream.origin !== origin) continue
      const current = route === from.route ? from.current : undefined
      const own = canonical(translations.get(route)?.fromUpstream(path, current))
      if (own === undefined) continue
      const there = find(own)
      if (there?.upstream.origin !== origin || there.toUpstream(own) !== path) continue
      if (hasPlainParameters(there.pattern, own)) return `${basePath}${own}`
    }
    return undefined
  }

  return {
    routes: compiled,

    match(path, method) {
      const route = find(path, method)
      if (route && !hasPlainParameters(route.pattern, path)) {
        throw new SallyportError('ERR_REQUEST_INVALID', 'a path parameter is not one plain segment')
      }
      return route
    },

    matchAll(path) {
      const all: (readonly CompiledRoute[])[] = []
      walk(root, 1, { path, accepts: (found) => all.push(found) === 0 })
      return all
    },
  }
}

/** The list of routes that a pattern's belong to. */
function placeOf(root: Node, { segments, hasRest }: Pattern): CompiledRoute[] {
  let node = root
  for (const segment of segments) {
    let next = 'literal' in segment ? node.literals.get(segment.literal) : node.parameter
    if (!next) {
      next = { literals: new Map() }
      if ('literal' in segment) node.literals.set(segment.literal, next)
      else node.parameter = next
    }
    node = next
  }
  const kind = hasRest ? 'rest' : 'exact'
  node[kind] ??= []
  return node[kind]
}

const always = () => true

function canonical(path: string | undefined): string | undefined {
  try {
    return path === undefined ? undefined : canonicalPath(path)
  } catch {
    return undefined
  }
}
