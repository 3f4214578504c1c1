import type { CompiledRoute, RouteMatcher } from '../routes/match.ts'
import type { Segment } from '../routes/pattern.ts'
import type { OtherRoute, Outcome } from './explanation.ts'

/** More would hide the one that was meant. */
const mostOthers = 5

/**
 * The routes that would have a request if others did not have it first, and those whose patterns begin
 * as its path does.
 */
export function otherRoutes(outcome: Outcome, path: string, matcher: RouteMatcher): OtherRoute[] {
  const matching = matcher.matchAll(path)
  const [first = [], ...wider] = matching
  const chosen = outcome.kind === 'route' ? matcher.routes[outcome.index] : undefined
  const isRefused = outcome.kind === 'refused' && !outcome.allow
  const beside = isRefused ? 'has this pattern' : 'has this pattern, for other methods'
  const others = [
    ...first.filter((route) => route !== chosen).map((route) => [route, beside] as const),
    ...wider.flat().map((route) => [route, 'matches too, less specifically'] as const),
    ...nearest(matcher.routes, path, matching.flat()),
  ]
  return others.slice(0, mostOthers).map(([route, why]) => {
    const { match, methods } = route
    return { match, methods, why, index: matcher.routes.indexOf(route) }
  })
}

/** Those that have the most segments in common with a path, one at least. */
function nearest(
  routes: readonly CompiledRoute[],
  path: string,
  matching: readonly CompiledRoute[],
): (readonly [CompiledRoute, string])[] {
  const segments = path.slice(1).split('/')
  return routes
    .filter((route) => !matching.includes(route))
    .map((route) => ({ route, common: commonLength(route, segments) }))
    .filter(({ common }) => common > 0)
    .sort((a, b) => b.common - a.common)
    .map(({ route, common }) => [route, difference(route, segments, common)] as const)
}

function commonLength({ pattern }: CompiledRoute, segments: readonly string[]): number {
  const differs = pattern.segments.findIndex((segment, i) => !fits(segment, segments[i]))
  return differs < 0 ? pattern.segments.length : differs
}

function fits(segment: Segment, text: string | undefined): boolean {
  if (text === undefined) return false
  return 'literal' in segment ? segment.literal === text : text !== ''
}

function difference(
  { pattern }: CompiledRoute,
  segments: readonly string[],
  common: number,
): string {
  const wanted = pattern.segments[common]
  if (!wanted) return 'ends before the path does'
  const name = 'literal' in wanted ? `"${wanted.literal}"` : `"{${wanted.parameter}}"`
  const given = segments[common]
  return given === undefined ? `goes on with ${name}` : `has ${name} where the path has "${given}"`
}
