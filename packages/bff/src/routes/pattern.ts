import { canonicalPath } from '../target.ts'

/** One segment of a path pattern: itself, or a parameter that stands for any one segment. */
export type Segment = { readonly literal: string } | { readonly parameter: string }

/** A path pattern, taken apart. */
export interface Pattern {
  readonly segments: readonly Segment[]
  /** The names of the parameters, in order. */
  readonly parameters: readonly string[]
  /** Ends in `/*`: whatever stands below the segments, and they themselves. */
  readonly hasRest: boolean
}

const parameterPattern = /^\{([A-Za-z][A-Za-z0-9]*)\}$/
/** Braces as they stand in the path of a parsed URL. */
const escapedBrace = /%7([BD])/gi

/** Takes a pattern apart that has no {@link patternProblem}. */
export function parsePattern(text: string): Pattern {
  const hasRest = text.endsWith('/*')
  const segments = toSegments(hasRest ? text.slice(0, -2) : text)
  return { segments, parameters: parameterNames(segments), hasRest }
}

/** Takes the path of an upstream's URL apart; a slash at its end says nothing. */
export function parseTemplate(pathname: string): readonly Segment[] {
  const text = pathname.replace(escapedBrace, (_, digit) => (/b/i.test(digit) ? '{' : '}'))
  return toSegments(text.replace(/\/$/, ''))
}

/** What is wrong with a pattern; `undefined` when it can be matched. */
export function patternProblem(text: string): string | undefined {
  const form =
    'must be a canonical path with whole segments as parameters, "/api/{id}", or "/*" at its end'
  const { segments, parameters, hasRest } = parsePattern(text)
  // What stands for a parameter here is what any request may have there.
  const filled = segments.map((one) => ('literal' in one ? one.literal : 'x')).join('/')
  if (hasRest && filled.endsWith('/')) return form
  if (!text.startsWith('/') || !isCanonical(`/${filled}`) || filled.includes('*')) return form
  if (segments[0] && 'literal' in segments[0] && segments[0].literal === 'bff') {
    return '"/bff" belongs to the BFF itself'
  }
  const twice = parameters.find((name, i) => parameters.indexOf(name) < i)
  return twice === undefined ? undefined : `the parameter "{${twice}}" occurs twice`
}

/** What is wrong with the path of an upstream whose requests have these parameters. */
export function templateProblem(pathname: string, known: readonly string[]): string | undefined {
  const segments = parseTemplate(pathname)
  const isBroken = segments.some((one) => 'literal' in one && /[{}]/.test(one.literal))
  if (isBroken) return 'a parameter is a whole segment of the path: "/v2/{id}"'
  const unknown = parameterNames(segments).find((name) => !known.includes(name))
  return unknown === undefined ? undefined : `"{${unknown}}" is no parameter of match`
}

/** Routes that match the same requests as one before them, and at which methods. */
export function ambiguousRoutes(
  routes: readonly { match: string; methods: readonly string[] }[],
): { index: number; other: number; methods: string[] }[] {
  const byShape = new Map<string, number[]>()
  return routes.flatMap(({ match, methods }, index) => {
    const shape = patternShape(parsePattern(match))
    const others = byShape.get(shape) ?? []
    byShape.set(shape, [...others, index])
    return others.flatMap((other) => {
      const both = methods.filter((method) => routes[other]?.methods.includes(method))
      return both.length > 0 ? [{ index, other, methods: both }] : []
    })
  })
}

/** What two patterns have in common when they match the same paths: all but parameters' names. */
function patternShape({ segments, hasRest }: Pattern): string {
  const shape = segments.map((one) => ('literal' in one ? one.literal : '{}')).join('/')
  return `/${shape}${hasRest ? '/*' : ''}`
}

function parameterNames(segments: readonly Segment[]): string[] {
  return segments.flatMap((segment) => ('parameter' in segment ? segment.parameter : []))
}

function toSegments(path: string): Segment[] {
  if (path === '') return []
  return path
    .slice(1)
    .split('/')
    .map((text) => {
      const parameter = parameterPattern.exec(text)?.[1]
      return parameter === undefined ? { literal: text } : { parameter }
    })
}

function isCanonical(path: string): boolean {
  try {
    return canonicalPath(path) === path
  } catch {
    return false
  }
}
