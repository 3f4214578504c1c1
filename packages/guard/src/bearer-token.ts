import type { IncomingHttpHeaders } from 'node:http'

/** The head of a request to an API, as far as the access token is concerned. */
export interface GuardRequest {
  /** Origin-form target (`/orders?page=2`), as `IncomingMessage.url`. */
  url?: string | undefined
  /**
   * Either names and values in turn, as `IncomingMessage.rawHeaders`, or an object. Give the raw
   * list where there is one: Node's object silently keeps the first of two Authorization headers.
   */
  headers: readonly string[] | IncomingHttpHeaders
}

/** How a request carries its access token, if it does. */
export type BearerToken =
  | { kind: 'present'; accessToken: string }
  | { kind: 'absent' }
  | { kind: 'malformed'; reason: string }

const bearerScheme = /^bearer(?:$| )/i
const bearerCredentials = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i

/**
 * Finds the access token: in the Authorization header and nowhere else. A token in the query is
 * refused, even as the only one, because URLs are logged. Bodies are not read, so a token in a
 * form counts as none.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6750.html#section-2 RFC 6750, section 2}
 */
export function readBearerToken(request: GuardRequest): BearerToken {
  if (hasQueryToken(request.url)) return malformed('access token in the query')
  const [authorization, ...more] = authorizationHeaders(request.headers)
  if (more.length > 0) return malformed('more than one Authorization header')
  if (authorization === undefined || !bearerScheme.test(authorization)) return { kind: 'absent' }
  const accessToken = bearerCredentials.exec(authorization)?.[1]
  if (!accessToken) return malformed('malformed Bearer credentials')
  return { kind: 'present', accessToken }
}

function hasQueryToken(url = ''): boolean {
  const query = url.indexOf('?')
  return query >= 0 && new URLSearchParams(url.slice(query + 1)).has('access_token')
}

function authorizationHeaders(headers: GuardRequest['headers']): string[] {
  if (isRawList(headers)) {
    return headers.filter((_, at) => at % 2 === 1 && isAuthorization(headers[at - 1]))
  }
  return Object.entries(headers)
    .filter(([name, value]) => isAuthorization(name) && value !== undefined)
    .flatMap(([, value]) => value as string | string[])
}

function isRawList(headers: GuardRequest['headers']): headers is readonly string[] {
  return Array.isArray(headers)
}

function isAuthorization(name: string | undefined): boolean {
  return name?.toLowerCase() === 'authorization'
}

function malformed(reason: string): BearerToken {
  return { kind: 'malformed', reason }
}
