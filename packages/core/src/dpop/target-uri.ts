/** Only what RFC 3986 allows: URL parsers also take backslashes, tabs and the like, and mend them. */
const httpUri = /^https?:\/\/[\w\-.~:/?#[\]@!$&'()*+,;=%]+$/i
const unreserved = /[\w\-.~]/

/**
 * One spelling of an http(s) URI, so that two of the same resource are equal: scheme and host in
 * lower case, no default port, no dot segments, percent-encoding only where it is needed and in
 * upper case, no query, no fragment.
 *
 * @returns `undefined` for what is no such URI, or has a user name or password.
 * @see {@link https://www.rfc-editor.org/rfc/rfc3986.html#section-6.2.2 RFC 3986, section 6.2.2}
 */
export function normalizeTargetUri(uri: string): string | undefined {
  if (!httpUri.test(uri)) return undefined
  const url = URL.parse(withoutQuery(uri))
  if (url?.username !== '' || url.password !== '') return undefined
  return url.origin + normalizeEscapes(url.pathname)
}

/** A URI without its query and fragment, otherwise as written. */
export function withoutQuery(uri: string): string {
  const end = uri.search(/[?#]/)
  return end < 0 ? uri : uri.slice(0, end)
}

function normalizeEscapes(path: string): string {
  return path.replace(/%[0-9a-f]{2}/gi, (encoded) => {
    const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16))
    return unreserved.test(character) ? character : encoded.toUpperCase()
  })
}
