import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ErrorCode, errorCatalogue, toProblem } from '@sallyport/core'
import { isPage } from '../provider/routes.ts'

const bodyLimit = 64 * 1024
const longestTarget = 8 * 1024
const forwardingHeaders = /^(?:x-forwarded-|forwarded$|x-real-ip$|x-http-method-override$)/

/**
 * Creates the gate in front of the provider.
 *
 * The library builds URLs from the request: so only the issuer's host passes, in origin form, and
 * what callers say about forwarding is replaced by what the issuer says. Behind a proxy that ends
 * TLS, `https` of the issuer is therefore what cookies and URLs are made for. What programs ask
 * passes under the host of `internalUrl` as well.
 *
 * @returns the answer to refuse with; `undefined`: the request may pass.
 */
export function createFrontGuard(
  issuer: string,
  internalUrl?: string,
): (req: IncomingMessage) => ErrorCode | undefined {
  const { host, protocol } = new URL(issuer)
  const hosts = hostsOf(issuer)
  const internalHosts = internalUrl === undefined ? new Set() : hostsOf(internalUrl)
  const scheme = protocol.slice(0, -1)

  return (req) => {
    const target = req.url ?? ''
    const asked = req.headers.host?.toLowerCase() ?? ''
    const forPeople = isPage(target.split('?', 1)[0] ?? '')
    const isKnown = hosts.has(asked) || (internalHosts.has(asked) && !forPeople)
    if (!isKnown) return 'ERR_HOST_UNKNOWN'
    if (!isOriginForm(target)) return 'ERR_REQUEST_INVALID'
    if (Number(req.headers['content-length'] ?? 0) > bodyLimit) return 'ERR_REQUEST_INVALID'
    for (const name of Object.keys(req.headers)) {
      if (forwardingHeaders.test(name)) delete req.headers[name]
    }
    req.headers['x-forwarded-proto'] = scheme
    req.headers['x-forwarded-host'] = host
    // Programs get JSON, whatever they say they accept.
    if (!forPeople) req.headers.accept = 'application/json'
    return undefined
  }
}

/** How clients may write the host of an origin. */
function hostsOf(origin: string): Set<string> {
  const { host, protocol } = new URL(origin)
  return new Set([host, `${host}:${protocol === 'https:' ? 443 : 80}`])
}

/** Answers with a problem (RFC 9457) and closes the connection: its body was not read. */
export function refuse(res: ServerResponse, code: ErrorCode): void {
  res.writeHead(errorCatalogue[code].status, {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    Connection: 'close',
  })
  res.end(JSON.stringify(toProblem(code)))
}

function isOriginForm(target: string): boolean {
  if (target.length > longestTarget || !target.startsWith('/') || target.startsWith('//')) {
    return false
  }
  return !/%00|[\0\\]/.test(target)
}
