import { type Pattern, parseTemplate, type Segment } from './pattern.ts'

/** Translates paths between a route's pattern and its upstream. */
export interface Translation {
  /** The upstream's path for one of ours that the pattern matches. */
  toUpstream(path: string): string
  /**
   * Our path, below the frontend's base path, for one of the upstream's; `undefined` when none of the
   * pattern leads there.
   *
   * @param current a path that the pattern matches, for parameters that the upstream does not get.
   */
  fromUpstream(path: string, current?: string): string | undefined
}

/** Values of parameters, by name; `rest` is what `/*` stands for, with its slash. */
interface Found {
  readonly values: ReadonlyMap<string, string>
  readonly rest: string
}

/**
 * Compiles what a route does to paths. Parameters go from segment to segment, as they are: what is
 * in one is still one segment, in the canonical form of the whole path.
 */
export function compileTranslation(pattern: Pattern, upstream: URL): Translation {
  const ours = pattern.segments
  const theirs = parseTemplate(upstream.pathname)
  const { hasRest } = pattern
  const hasParameters = pattern.parameters.length > 0
  const fixed = fill(theirs, new Map()) ?? ''
  const ownLength = hasParameters ? 0 : (fill(ours, new Map()) ?? '').length

  return {
    toUpstream(path) {
      if (!hasParameters) return `${fixed}${path.slice(ownLength)}` || '/'
      const { values, rest } = read(ours, path, hasRest) as Found
      return `${fill(theirs, values)}${rest}` || '/'
    },

    fromUpstream(path, current) {
      // An upstream's root is its path "/", which no segment of a template says.
      const found = read(theirs, path, hasRest) ?? (path === '/' && read(theirs, '', hasRest))
      if (!found) return undefined
      const known = current === undefined ? undefined : read(ours, current, hasRest)?.values
      const own = fill(ours, new Map([...(known ?? []), ...found.values]))
      return own === undefined ? undefined : `${own}${found.rest}` || '/'
    },
  }
}

/**
 * Whether each parameter's value is one segment for any server: not nothing but path parameters (`;x`),
 * which many servers cut off, and nothing in which a slash or a dot comes out when it is decoded once
 * more.
 */
export function hasPlainParameters({ segments, parameters, hasRest }: Pattern, path: string) {
  if (parameters.length === 0) return true
  const values = read(segments, path, hasRest)?.values.values() ?? []
  return [...values].every((value) => !/^;|%25(?:2e|2f|5c|00)/i.test(value))
}

/** Segments with parameters filled in; `undefined` when a value is missing. */
function fill(segments: readonly Segment[], values: ReadonlyMap<string, string>) {
  let path = ''
  for (const segment of segments) {
    const text = 'literal' in segment ? segment.literal : values.get(segment.parameter)
    if (text === undefined) return undefined
    path += `/${text}`
  }
  return path
}

function read(segments: readonly Segment[], path: string, hasRest: boolean): Found | undefined {
  const values = new Map<string, string>()
  let at = 0
  for (const segment of segments) {
    if (path[at] !== '/') return undefined
    const slash = path.indexOf('/', at + 1)
    const end = slash < 0 ? path.length : slash
    const text = path.slice(at + 1, end)
    if ('literal' in segment ? segment.literal !== text : text === '') return undefined
    if ('parameter' in segment) values.set(segment.parameter, text)
    at = end
  }
  const rest = path.slice(at)
  return rest === '' || hasRest ? { values, rest } : undefined
}
