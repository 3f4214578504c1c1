import { SallyportError } from '@sallyport/core'
import type { RequestHead } from '../decision.ts'
import { headerValues } from '../headers.ts'
import { parseTarget } from '../target.ts'

/** Where a request wants to go, as far as it tells frontends apart. */
export interface Place {
  /** Lower case, with a port that is not the scheme's own. */
  readonly host: string
  /** Canonical. */
  readonly path: string
}

const longestHost = 255
const hostPattern = /^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/

/**
 * Reads where a request wants to go. Only `Host` says so: no forwarded header counts.
 *
 * @throws `ERR_REQUEST_INVALID` for a target that two parsers could read in two ways and a `Host`
 *   that does not occur once, `ERR_HOST_UNKNOWN` for one that is no host.
 */
export function readPlace({ headers, target }: RequestHead): Place {
  const [value, another] = headerValues(headers, 'host')
  if (value === undefined || another !== undefined) {
    throw new SallyportError('ERR_REQUEST_INVALID', 'Host must occur once')
  }
  const host = value.toLowerCase()
  if (host.length > longestHost || !hostPattern.test(host)) {
    throw new SallyportError('ERR_HOST_UNKNOWN', 'the Host is no host')
  }
  // An absolute-form target names the scheme too, which the frontend itself checks.
  const origin = /^https?:\/\/[^/?#]*/.exec(target)?.[0] ?? ''
  return { host, path: parseTarget(target, origin).path }
}
