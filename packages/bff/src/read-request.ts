import { type CookiePair, parseCookies, SallyportError } from '@sallyport/core'
import type { ClientAddress } from './client-address/client-address.ts'
import type { BffRequest } from './context.ts'
import type { RequestHead } from './decision.ts'
import { headerValues } from './headers.ts'
import type { BffConfig } from './options.ts'
import { parseTarget, type Target } from './target.ts'

/** More than any browser sends, and fewer than where servers cut off what comes last: our part. */
const mostHeaders = 256

/**
 * Reads a head once, for all that comes after.
 *
 * @throws `ERR_REQUEST_INVALID` for what two parsers could read in two ways, `ERR_HOST_UNKNOWN` for
 *   another host than that of `publicUrl`.
 */
export function readRequest(
  head: RequestHead,
  config: BffConfig,
  clientAddress: ClientAddress,
): BffRequest {
  if (head.headers.length > mostHeaders * 2) {
    throw new SallyportError('ERR_REQUEST_INVALID', 'too many header fields')
  }
  const hosts = headerValues(head.headers, 'host')
  if (hosts.length !== 1) throw new SallyportError('ERR_REQUEST_INVALID', 'Host must occur once')
  if (hosts[0]?.toLowerCase() !== config.publicUrl.host) {
    throw new SallyportError('ERR_HOST_UNKNOWN', 'the Host is not that of publicUrl')
  }
  const url = belowBase(parseTarget(head.target, config.publicUrl.origin), config.basePath)
  const cookies: CookiePair[] = headerValues(head.headers, 'cookie').flatMap(parseCookies)
  return { ...head, url, cookies, clientAddress: clientAddress(head) }
}

/** @throws `ERR_ROUTE_NOT_FOUND` for a path that is not the frontend's. */
function belowBase(target: Target, basePath: string): Target {
  const { path, query } = target
  if (path === basePath) return { path: '/', query }
  if (path.startsWith(`${basePath}/`)) return { path: path.slice(basePath.length), query }
  throw new SallyportError('ERR_ROUTE_NOT_FOUND', 'the path is not below that of publicUrl')
}
