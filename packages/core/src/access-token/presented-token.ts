import type { IncomingHttpHeaders } from 'node:http'

/** The head of a request to an API, as far as the access token is concerned. */
export interface TokenRequestHead {
  /** As `IncomingMessage.method`. Without it no DPoP proof holds. */
  method?: string | undefined
  /** Origin-form target (`/orders?page=2`), as `IncomingMessage.url`. */
  url?: string | undefined
  /**
   * Either names and values in turn, as `IncomingMessage.rawHeaders`, or an object. Give the raw
   * list where there is one: Node's object silently keeps the first of two Authorization headers.
   */
  headers: readonly string[] | IncomingHttpHeaders
  /**
   * The certificate that the client showed on this very TLS connection: in DER, or its SHA-256
   * thumbprint in base64url. Never take it from a header that a client could send.
   */
  clientCertificate?: Uint8Array | string | undefined
}

/** How an access token is presented: by whoever holds it, or with the proof of a key. */
export type TokenScheme = 'Bearer' | 'DPoP'

/** How a request carries its access token, if it does. */
export type PresentedToken =
  | { kind: 'present'; scheme: TokenScheme; accessToken: string }
  | { kind: 'absent' }
  | { kind: 'malformed'; scheme: TokenScheme; reason: string }

const schemeNames: Record<string, TokenScheme> = { bearer: 'Bearer', dpop: 'DPoP' }
const credentials = /^[a-z]+ +([A-Za-z0-9\-._~+/]+=*)$/i

/**
 * Finds the access token: in the Authorization header and nowhere else. A token in the query is
 * refused, even as the only one, because URLs are logged. Bodies are not read, so a token in a
 * form counts as none.
 *
 * @param schemes those that this API takes; a token of another scheme counts as none.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6750.html#section-2 RFC 6750, section 2},
 *   {@link https://www.rfc-editor.org/rfc/rfc9449.html#section-7.1 RFC 9449, section 7.1}
 */
export function readPresentedToken(
  request: TokenRequestHead,
  schemes: readonly TokenScheme[],
): PresentedToken {
  const [authorization = '', ...more] = headerValues(request.headers, 'authorization')
  const name = /^[a-z]+(?=$| )/i.exec(authorization)?.[0].toLowerCase() ?? ''
  const scheme = Object.hasOwn(schemeNames, name) ? schemeNames[name] : undefined
  const malformed = (reason: string) =>
    ({ kind: 'malformed', scheme: scheme ?? 'Bearer', reason }) as const
  if (hasQueryToken(request.url)) return malformed('access token in the query')
  if (more.length > 0) return malformed('more than one Authorization header')
  if (!scheme || !schemes.includes(scheme)) return { kind: 'absent' }
  const accessToken = credentials.exec(authorization)?.[1]
  if (!accessToken) return malformed(`malformed ${scheme} credentials`)
  return { kind: 'present', scheme, accessToken }
}

/** All values of a header, one for each time it was sent. */
export function headerValues(headers: TokenRequestHead['headers'], name: string): string[] {
  if (isRawList(headers)) {
    return headers.filter((_, at) => at % 2 === 1 && headers[at - 1]?.toLowerCase() === name)
  }
  return Object.entries(headers)
    .filter(([other, value]) => other.toLowerCase() === name && value !== undefined)
    .flatMap(([, value]) => value as string | string[])
}

function hasQueryToken(url = ''): boolean {
  const query = url.indexOf('?')
  return query >= 0 && new URLSearchParams(url.slice(query + 1)).has('access_token')
}

function isRawList(headers: TokenRequestHead['headers']): headers is readonly string[] {
  return Array.isArray(headers)
}
