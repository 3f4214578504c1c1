import * as z from 'zod'

const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Whether a URL's host is this machine and nothing else, so that `http` to it stays inside.
 *
 * Names below `localhost` are not: RFC 6761 asks resolvers to keep them at home, and those that do
 * not ask the network where `app.localhost` is. Of 127.0.0.0/8 only the address that is always
 * there counts, so that every part of the stack means the same three hosts.
 */
export function isLoopback({ hostname }: URL): boolean {
  return loopbackHosts.has(hostname)
}

/**
 * An absolute URI without fragment, such as a resource identifier. Kept as written.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8707.html#section-2 RFC 8707, section 2}
 */
export const absoluteUri = z
  .string()
  .refine((text) => !/\s/.test(text) && URL.canParse(text), 'is not an absolute URL')
  .refine((text) => !text.includes('#'), 'must not contain a fragment')

/** An absolute URL of http or https, without fragment, user name and password. Kept as written. */
export const httpUrl = absoluteUri
  .refine(
    ifUrl(({ protocol }) => /^https?:$/.test(protocol)),
    'must be https or http',
  )
  .refine(
    ifUrl(({ username, password }) => !username && !password),
    'must not contain a user name or password',
  )

/** A URL that credentials may travel to: https, or http to a host that {@link isLoopback}. */
export const secureUrl = httpUrl.refine(
  ifUrl((url) => url.protocol !== 'http:' || isLoopback(url)),
  'must be https: http is for loopback hosts only',
)

/**
 * What an issuer calls itself: a secure URL without a query. Kept as written.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8414.html#section-2 RFC 8414, section 2}
 */
export const issuerIdentifier = secureUrl.refine(
  (text) => !text.includes('?'),
  'must not contain a query',
)

/** Says nothing of what is no URL: that has been said. Aborting would silence the checks around. */
function ifUrl(holds: (url: URL) => boolean): (text: string) => boolean {
  return (text) => {
    const url = URL.parse(text)
    return !url || holds(url)
  }
}
