import * as z from 'zod'

/**
 * A scope token: also safe inside a quoted string of a header.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749.html#section-3.3 RFC 6749, section 3.3}
 */
export const scopeToken = z
  .string()
  .regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, 'must be a scope token: no space, quote or backslash')
