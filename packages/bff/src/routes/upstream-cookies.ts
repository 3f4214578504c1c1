import { trimBlanks } from '@sallyport/core'

const valuePattern =
  /^(?:[\x21\x23-\x2B\x2D-\x3A\x3C-\x5B\x5D-\x7E]*|"[\x21\x23-\x2B\x2D-\x3A\x3C-\x5B\x5D-\x7E]*")$/
const expiresPattern = /^[A-Za-z0-9 ,:+-]{1,64}$/

/** Which cookies of an upstream's become cookies of the frontend's. */
export interface UpstreamCookies {
  readonly names: readonly string[]
  /** Of the frontend: what another frontend of this host sets stays apart. */
  readonly basePath: string
}

/**
 * An upstream's `Set-Cookie`, written anew: of its attributes only those stay that make it end sooner
 * or be seen by fewer. `undefined` for a name that is not listed and for what is malformed.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6265.html#section-5.2 RFC 6265, section 5.2}
 */
export function toFrontendCookie(
  setCookie: string,
  { names, basePath }: UpstreamCookies,
): string | undefined {
  const [pair = '', ...attributes] = setCookie.split(';')
  const equals = pair.indexOf('=')
  const name = trimBlanks(pair.slice(0, Math.max(equals, 0)))
  const value = trimBlanks(pair.slice(equals + 1))
  if (!names.includes(name) || !valuePattern.test(value)) return undefined
  const kept = readAttributes(attributes)
  return [
    `${name}=${value}; Path=${basePath || '/'}; Secure`,
    kept.has('httponly') && 'HttpOnly',
    `SameSite=${kept.get('samesite')?.toLowerCase() === 'strict' ? 'Strict' : 'Lax'}`,
    /^-?\d{1,15}$/.test(kept.get('max-age') ?? '') && `Max-Age=${kept.get('max-age')}`,
    expiresPattern.test(kept.get('expires') ?? '') && `Expires=${kept.get('expires')}`,
  ]
    .filter(Boolean)
    .join('; ')
}

/** By name in lower case; of several the last counts, as it does in browsers. */
function readAttributes(attributes: readonly string[]): Map<string, string> {
  return new Map(
    attributes.map((text) => {
      const [name = '', ...rest] = text.split('=')
      return [trimBlanks(name).toLowerCase(), trimBlanks(rest.join('='))]
    }),
  )
}
