import { SallyportError } from '@sallyport/core'
import type { HeaderList, RequestHead } from '../decision.ts'
import { type HeaderRules, requestRow } from './header-rules.ts'

const mediaTypePattern =
  /^[!#$%&'*+\-.^_`|~\w]+\/[!#$%&'*+\-.^_`|~\w]+(?: *; *[!#$%&'*+\-.^_`|~\w]+=(?:[!#$%&'*+\-.^_`|~\w]+|"[^"\\\r\n]*"))*;?$/

/** What the BFF itself says to the upstream about a request. */
export interface RequestHeaderFacts {
  readonly publicUrl: URL
  readonly upstream: URL
  /** The route's, for what the client says. */
  readonly rules: HeaderRules
  /** What presents an access token, when one goes along. */
  readonly credentials: HeaderList
  /** The one address that `X-Forwarded-For` gets. */
  readonly clientAddress: string
  /** Those cookies that the route lets through, as a field's value; empty: none. */
  readonly cookies?: string | undefined
  /** Which visitor calls, on routes that tell. */
  readonly visitor?: string | undefined
  /** `traceparent` of the span around this request. */
  readonly trace: Readonly<Record<string, string>>
}

/**
 * The header fields for the upstream: of the client's what header-table.ts keeps, without what its own
 * `Connection` names; ours are added last, so nothing the client says can remove or double them.
 *
 * A name with other characters than letters, digits and `-` is dropped whole: servers that map
 * names to variables read `X_User` and `X-User` as one.
 *
 * @throws `ERR_REQUEST_INVALID` for a repeated or malformed Content-Type, which two parsers could
 *   read in two ways, and for transfer codings other than chunked: their name would get lost here
 *   while the body stays coded (RFC 9112 section 6.1).
 */
export function toUpstreamHeaders(head: RequestHead, facts: RequestHeaderFacts): HeaderList {
  const { publicUrl, upstream, rules, credentials, trace, visitor, clientAddress } = facts
  const hopByHop = connectionOptions(head.headers)
  const result: string[] = ['host', upstream.host]
  let contentTypes = 0

  for (let i = 0; i < head.headers.length; i += 2) {
    const { name, fate } = rules.of(head.headers[i] as string)
    if (fate !== 'kept' && fate !== 'rule') continue
    const value = head.headers[i + 1] as string
    if (name === 'transfer-encoding' && value.toLowerCase() !== 'chunked') {
      throw new SallyportError('ERR_REQUEST_INVALID', 'a transfer coding that is not undone here')
    }
    if (hopByHop.has(name)) continue
    if (name === 'content-type') {
      contentTypes += 1
      if (contentTypes > 1 || !mediaTypePattern.test(value)) {
        throw new SallyportError('ERR_REQUEST_INVALID', 'Content-Type is repeated or malformed')
      }
    } else if (fate === 'rule') continue
    result.push(name, value)
  }

  result.push('x-forwarded-for', clientAddress)
  result.push('x-forwarded-host', publicUrl.host)
  result.push('x-forwarded-proto', publicUrl.protocol.slice(0, -1))
  for (const [name, value] of Object.entries(trace)) result.push(name, value)
  if (visitor !== undefined) result.push('sallyport-visitor', visitor)
  if (facts.cookies) result.push('cookie', facts.cookies)
  result.push(...rules.added, ...credentials)
  return result
}

const noOptions: ReadonlySet<string> = new Set()

/** The field names that a message's `Connection` declares to be for one hop only. */
export function connectionOptions(headers: HeaderList): ReadonlySet<string> {
  let names: Set<string> | undefined
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue
    const value = headers[i + 1] as string
    // What most say, and what names no field.
    if (value === 'keep-alive' || value === 'close') continue
    names ??= new Set()
    for (const option of value.split(',')) names.add(option.trim().toLowerCase())
  }
  return names ?? noOptions
}

/** Whether a field of the client's goes on to an upstream, by its name in lower case. */
export function reachesUpstream(name: string): boolean {
  return requestRow(name)?.fate === 'kept' || name === 'content-type'
}
