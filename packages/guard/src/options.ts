import { SallyportError } from '@sallyport/core'
import { z } from 'zod'

/**
 * Holds options against their schema.
 *
 * @throws `ERR_CONFIG_INVALID` that lists every problem with its path.
 */
export function parseOptions<T extends z.ZodType>(
  schema: T,
  options: unknown,
  name: string,
): z.output<T> {
  const result = schema.safeParse(options)
  if (result.success) return result.data
  const problems = result.error.issues.map(
    ({ path, message }) => `${[name, ...path.map(String)].join('.')}: ${message}`,
  )
  throw new SallyportError('ERR_CONFIG_INVALID', problems.join('; '))
}

const loopbackHosts = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** Whether keys and secrets may travel to this URL: https, or this machine itself. */
function isSecureUrl(text: string): boolean {
  const url = URL.parse(text)
  if (!url || url.username || url.password || url.hash) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopbackHosts.test(url.hostname))
}

/** An https URL, or http on loopback. */
export const secureUrl = z.string().refine(isSecureUrl, {
  error: 'must be an https URL without user, password and fragment (http only on loopback)',
})

/** An issuer identifier (RFC 8414 section 2): a secure URL without a query. */
export const issuerIdentifier = secureUrl.refine((text) => !text.includes('?'), {
  error: 'must not have a query',
})

/** Whole seconds to wait for an issuer. */
export const timeoutSeconds = z.int().min(1).max(60).default(5)

/** A scope token (RFC 6749 section 3.3): also safe inside a quoted string of a header. */
export const scopeToken = z.string().regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, {
  error: 'must be a scope token: no space, quote or backslash',
})
