/** Attributes of a cookie this stack sets. Secure and HttpOnly are not a choice: always there. */
export interface CookieOptions {
  sameSite: 'Strict' | 'Lax' | 'None'
  /** Seconds; absent: until the browser closes. */
  maxAge?: number
  /** @defaultValue '/' */
  path?: string
}

const tokenPattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const valuePattern = /^[\x21\x23-\x2B\x2D-\x3A\x3C-\x5B\x5D-\x7E]*$/
const pathPattern = /^\/[\x21-\x3A\x3C-\x7E]*$/

/** One `name=value` of a request's Cookie header. */
export interface CookiePair {
  name: string
  value: string
}

/**
 * Reads a Cookie header field, in its order.
 *
 * Trims SP and HTAB only and compares bytes: Unicode spaces that JavaScript's `trim` would remove
 * stay part of a name, so no disguise reads as one of our cookies. Nameless pairs are dropped.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6265.html#section-4.2 RFC 6265, section 4.2}
 */
export function parseCookies(header: string): CookiePair[] {
  const pairs: CookiePair[] = []
  for (const part of header.split(';')) {
    const equals = part.indexOf('=')
    if (equals < 0) continue
    const name = trimBlanks(part.slice(0, equals))
    if (name) pairs.push({ name, value: trimBlanks(part.slice(equals + 1)) })
  }
  return pairs
}

/**
 * The value of the one cookie of this name. Two cookies of a name cannot be told apart (path and
 * domain are not sent), so different values are `ambiguous`: refuse them, never take the first.
 */
export function uniqueCookie(
  pairs: readonly CookiePair[],
  name: string,
): { value?: string; ambiguous?: true } {
  const values = new Set(pairs.filter((pair) => pair.name === name).map((pair) => pair.value))
  if (values.size > 1) return { ambiguous: true }
  const [value] = values
  return value === undefined ? {} : { value }
}

/**
 * Writes a Set-Cookie value.
 *
 * @throws TypeError when name, value or path could break out of its place, or maxAge is no number.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6265.html#section-4.1 RFC 6265, section 4.1}
 */
export function serializeCookie(name: string, value: string, options: CookieOptions): string {
  const { sameSite, maxAge, path = '/' } = options
  if (!tokenPattern.test(name)) throw new TypeError('cookie name is not an RFC 6265 token')
  if (!valuePattern.test(value)) throw new TypeError(`cookie ${name}: value is not cookie-safe`)
  if (!pathPattern.test(path)) throw new TypeError(`cookie ${name}: path is not cookie-safe`)
  if (maxAge !== undefined && !Number.isFinite(maxAge)) {
    throw new TypeError(`cookie ${name}: maxAge is not finite`)
  }
  const lifetime = maxAge === undefined ? '' : `; Max-Age=${Math.max(0, Math.floor(maxAge))}`
  return `${name}=${value}; Path=${path}; Secure; HttpOnly; SameSite=${sameSite}${lifetime}`
}

/** A Set-Cookie value that deletes a cookie: same attributes, no value, no time left. */
export function expireCookie(name: string, options: CookieOptions): string {
  return serializeCookie(name, '', { ...options, maxAge: 0 })
}

/**
 * Removes SP and HTAB at both ends, and no other blank (RFC 9110 section 5.5). A loop, because
 * `/[ \t]+$/` takes quadratic time: seconds for a long enough header.
 */
export function trimBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start += 1
  while (start < end && isBlank(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

function isBlank(character: number): boolean {
  return character === 0x20 || character === 0x09
}
