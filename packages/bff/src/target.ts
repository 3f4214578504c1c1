import { SallyportError } from '@sallyport/core'

/** A request-target in its one canonical form: what is matched is what is forwarded. */
export interface Target {
  /** Starts with `/`; no empty, dot or encoded-slash segments; only needful escapes, upper case. */
  readonly path: string
  /** With its `?`, byte for byte; empty when there is none. */
  readonly query: string
}

const pathPattern = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@%/[\]|]*$/
/** What a path has that is not canonical as it stands: an empty or dotted segment, an escape, a parameter. */
const oddPath = /\/[/.]|[%;]/
/** What browsers leave unescaped in a query; opaque here, so the grammar is wide. */
const queryPattern = /^(?:\?[\x21\x24-\x3B\x3D\x3F-\x7E%]*)?$/
const longestTarget = 8192

/**
 * Reads a request-target, origin-form only.
 *
 * @param ownOrigin an absolute-form target of this origin is read as its origin-form (RFC 9112
 *   section 3.2.2); of any other it is refused.
 * @throws `ERR_REQUEST_INVALID` for whatever two parsers could read in two ways: dot segments,
 *   `//`, encoded slashes, backslashes, NULs, fragments, malformed escapes, invalid UTF-8.
 */
export function parseTarget(target: string, ownOrigin: string): Target {
  if (target.length > longestTarget) throw invalid('the request-target is too long')
  const originForm = target.startsWith(`${ownOrigin}/`) ? target.slice(ownOrigin.length) : target
  const mark = originForm.indexOf('?')
  const path = mark < 0 ? originForm : originForm.slice(0, mark)
  const query = mark < 0 ? '' : originForm.slice(mark)
  if (!queryPattern.test(query)) throw invalid('the query has illegal characters')
  return { path: canonicalPath(path), query }
}

/** The canonical form of a path, or `ERR_REQUEST_INVALID`. */
export function canonicalPath(path: string): string {
  if (!pathPattern.test(path)) throw invalid('the path has illegal characters')
  if (!oddPath.test(path)) return path
  const segments = path.slice(1).split('/')
  return `/${segments.map((segment, i) => canonicalSegment(segment, i === segments.length - 1)).join('/')}`
}

function canonicalSegment(segment: string, isLast: boolean): string {
  if (segment === '') {
    if (isLast) return segment
    throw invalid('the path has an empty segment')
  }
  const canonical = segment.includes('%') ? canonicalEscapes(segment) : segment
  const name = canonical.split(';', 1)[0]
  if (name === '.' || name === '..') throw invalid('the path has a dot segment')
  return canonical
}

function canonicalEscapes(segment: string): string {
  if (/%(?![0-9A-Fa-f]{2})/.test(segment)) throw invalid('the path has a malformed escape')
  if (/%(?:2f|5c|00)/i.test(segment)) throw invalid('the path has an escaped slash or NUL')
  try {
    decodeURIComponent(segment)
  } catch {
    throw invalid('the path is not UTF-8')
  }
  return segment.replace(/%[0-9A-Fa-f]{2}/g, (triplet) => {
    const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16))
    return /[A-Za-z0-9\-._~]/.test(character) ? character : triplet.toUpperCase()
  })
}

function invalid(problem: string): SallyportError {
  return new SallyportError('ERR_REQUEST_INVALID', problem)
}
