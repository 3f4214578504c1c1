import type { HeaderList } from '../decision.ts'
import { headerValues } from '../headers.ts'

/** How a server wants to be asked, and why it did not take what it was given. */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string
  /** By name in lower case. */
  readonly parameters: ReadonlyMap<string, string>
}

const token = "[!#$%&'*+\\-.^_`|~\\w]+"
const separators = /[ \t,]*/y
const schemePattern = new RegExp(`(${token})(?=[ \\t,]|$)[ \\t]*`, 'y')
const parameterPattern = new RegExp(
  `[ \\t,]*(${token})[ \\t]*=[ \\t]*(?:(${token})|"((?:[^"\\\\]|\\\\.)*)")[ \\t]*(?=,|$)`,
  'y',
)
const token68Pattern = /[A-Za-z0-9\-._~+/]+=*[ \t]*(?=,|$)/y

/**
 * The challenges of `WWW-Authenticate`, in order. A field that is malformed says nothing, and neither
 * does a challenge with a parameter that is repeated.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110.html#section-11.6.1 RFC 9110, section 11.6.1}
 */
export function readChallenges(headers: HeaderList): Challenge[] {
  return headerValues(headers, 'www-authenticate').flatMap(parseField)
}

function parseField(field: string): Challenge[] {
  const challenges: Challenge[] = []
  let at = 0
  const next = (pattern: RegExp) => {
    pattern.lastIndex = at
    const match = pattern.exec(field)
    if (match) at = pattern.lastIndex
    return match
  }
  for (next(separators); at < field.length; next(separators)) {
    const scheme = next(schemePattern)?.[1]
    if (scheme === undefined) return []
    const parameters = new Map<string, string>()
    let isRepeating = false
    for (let match = next(parameterPattern); match; match = next(parameterPattern)) {
      const name = (match[1] as string).toLowerCase()
      isRepeating ||= parameters.has(name)
      parameters.set(name, match[2] ?? (match[3] as string).replace(/\\(.)/g, '$1'))
    }
    if (parameters.size === 0) next(token68Pattern)
    if (!isRepeating) challenges.push({ scheme: scheme.toLowerCase(), parameters })
  }
  return challenges
}
