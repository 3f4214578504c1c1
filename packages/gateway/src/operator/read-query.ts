import { SallyportError } from '@sallyport/core'
import type { SessionFilter } from '@sallyport/session'

const filterNames = ['issuer', 'subject', 'sid', 'frontend']
const longestValue = 1024

/** What a request to the operator's API says in its query. */
export interface OperatorQuery {
  readonly filter: SessionFilter
  /** The rest, by name. */
  readonly rest: ReadonlyMap<string, string>
}

/**
 * Reads a query strictly: each name once, none that is unknown, none that says nothing. A name that
 * was misspelt would mean more sessions than its author thought.
 *
 * @param names what may occur besides the members of a filter.
 * @throws `ERR_REQUEST_INVALID`
 */
export function readQuery(query: URLSearchParams, names: readonly string[]): OperatorQuery {
  const values = new Map<string, string>()
  for (const [name, value] of query) {
    const isKnown = filterNames.includes(name) || names.includes(name)
    if (!isKnown) throw invalid('a parameter is unknown')
    if (values.has(name)) throw invalid(`${name} is repeated`)
    const limit = name === 'cursor' ? longestValue * 8 : longestValue
    if (value === '' || value.length > limit) throw invalid(`${name} is empty or too long`)
    values.set(name, value)
  }
  const [given, rest] = [true, false].map((isFilter) =>
    [...values].filter(([name]) => filterNames.includes(name) === isFilter),
  )
  return { filter: Object.fromEntries(given ?? []), rest: new Map(rest) }
}

function invalid(problem: string): SallyportError {
  return new SallyportError('ERR_REQUEST_INVALID', problem)
}
