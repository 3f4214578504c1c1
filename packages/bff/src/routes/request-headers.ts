import { SallyportError } from '@sallyport/core'
import type { HeaderList, RequestHead } from '../decision.ts'

/**
 * Names that never reach an upstream as the browser sent them. Either they belong to one hop
 * (RFC 9110 section 7.6.1), or an application server may take them for the truth about the user,
 * the client or the path, or they are this BFF's own.
 */
const dropped = new Set([
  'authorization',
  'b3',
  'baggage',
  'client-ip',
  'connection',
  'content-length',
  'cookie',
  'cookie2',
  'dpop',
  'expect',
  'forwarded',
  'from',
  'front-end-https',
  'host',
  'http2-settings',
  'keep-alive',
  'max-forwards',
  'origin',
  'proxy',
  'referer',
  'te',
  'trace',
  'traceparent',
  'tracestate',
  'trailer',
  'transfer-encoding',
  'true-client-ip',
  'uber-trace-id',
  'upgrade',
  'upgrade-insecure-requests',
  'via',
  'x-access-token',
  'x-cloud-trace-context',
  'x-cluster-client-ip',
  'x-csrf',
  'x-host',
  'x-http-method',
  'x-http-method-override',
  'x-id-token',
  'x-method-override',
  'x-principal',
  'x-rewrite-url',
  'x-scheme',
  'x-url-scheme',
])

const droppedPrefixes = [
  'cf-',
  'client-cert',
  'fastly-',
  'oidc-',
  'proxy-',
  'remote-',
  'sallyport-',
  'sec-',
  'ssl-',
  'tailscale-',
  'x-amzn-',
  'x-auth',
  'x-azure-',
  'x-b3-',
  'x-client-',
  'x-consumer-',
  'x-credential-',
  'x-envoy-',
  'x-forwarded',
  'x-goog-',
  'x-istio-',
  'x-jwt',
  'x-middleware-',
  'x-ms-',
  'x-original-',
  'x-pomerium-',
  'x-real-',
  'x-remote-',
  'x-ssl-',
  'x-token-',
  'x-user',
  'x-vouch-',
  'x-webauth-',
]

const mediaTypePattern =
  /^[!#$%&'*+\-.^_`|~\w]+\/[!#$%&'*+\-.^_`|~\w]+(?: *; *[!#$%&'*+\-.^_`|~\w]+=(?:[!#$%&'*+\-.^_`|~\w]+|"[^"\\\r\n]*"))*;?$/

/** What the BFF itself says to the upstream about a request. */
export interface RequestHeaderFacts {
  readonly publicUrl: URL
  readonly upstream: URL
  /** What presents an access token, when one goes along. */
  readonly credentials: HeaderList
  /** The one address that `X-Forwarded-For` gets. */
  readonly clientAddress: string
  /** Which visitor calls, on routes that tell. */
  readonly visitor?: string | undefined
  /** `traceparent` of the span around this request. */
  readonly trace: Readonly<Record<string, string>>
}

/**
 * The header fields for the upstream. What is dropped goes first, hop-by-hop by the client's own
 * `Connection` included; ours are added last, so nothing the client says can remove or double them.
 *
 * A name with other characters than letters, digits and `-` is dropped whole: servers that map
 * names to variables read `X_User` and `X-User` as one.
 *
 * @throws `ERR_REQUEST_INVALID` for a repeated or malformed Content-Type, which two parsers could
 *   read in two ways, and for transfer codings other than chunked: their name would get lost here
 *   while the body stays coded (RFC 9112 section 6.1).
 */
export function toUpstreamHeaders(head: RequestHead, facts: RequestHeaderFacts): HeaderList {
  const { publicUrl, upstream, credentials, trace, visitor, clientAddress } = facts
  const hopByHop = connectionOptions(head.headers)
  const result: string[] = ['host', upstream.host]
  let contentTypes = 0

  for (let i = 0; i < head.headers.length; i += 2) {
    const name = (head.headers[i] as string).toLowerCase()
    const value = head.headers[i + 1] as string
    if (name === 'transfer-encoding' && value.toLowerCase() !== 'chunked') {
      throw new SallyportError('ERR_REQUEST_INVALID', 'a transfer coding that is not undone here')
    }
    if (!reachesUpstream(name) || hopByHop.has(name)) continue
    if (name === 'content-type') {
      contentTypes += 1
      if (contentTypes > 1 || !mediaTypePattern.test(value)) {
        throw new SallyportError('ERR_REQUEST_INVALID', 'Content-Type is repeated or malformed')
      }
    }
    result.push(name, value)
  }

  result.push(
    ...['x-forwarded-for', clientAddress],
    ...['x-forwarded-host', publicUrl.host],
    ...['x-forwarded-proto', publicUrl.protocol.slice(0, -1)],
  )
  for (const [name, value] of Object.entries(trace)) result.push(name, value)
  if (visitor !== undefined) result.push('sallyport-visitor', visitor)
  result.push(...credentials)
  return result
}

/** The field names that a message's `Connection` declares to be for one hop only. */
export function connectionOptions(headers: HeaderList): Set<string> {
  const names = new Set<string>()
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]?.toLowerCase() !== 'connection') continue
    for (const name of (headers[i + 1] as string).split(',')) names.add(name.trim().toLowerCase())
  }
  return names
}

/** Whether a field of the client's goes on to an upstream, by its name in lower case. */
export function reachesUpstream(name: string): boolean {
  if (dropped.has(name) || !/^[a-z0-9-]+$/.test(name)) return false
  return !droppedPrefixes.some((prefix) => name.startsWith(prefix))
}
