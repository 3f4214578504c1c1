import type { BffRequest } from '../context.ts'
import type { ReadDecision, RespondDecision } from '../decision.ts'
import { headerValues } from '../headers.ts'
import { respondTokenError } from './oauth-errors.ts'

const longestForm = 8192
const formType = /^application\/x-www-form-urlencoded(?: *;.*)?$/i

/**
 * Reads the form of an OAuth request, each parameter once, and goes on with it. Apps are public
 * clients: one that authenticates is somebody else.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749.html#section-3.2 RFC 6749, section 3.2}
 */
export function readForm(
  { headers }: BffRequest,
  decide: (form: ReadonlyMap<string, string>) => Promise<RespondDecision>,
): ReadDecision | RespondDecision {
  if (headerValues(headers, 'authorization').length > 0) return respondTokenError('invalid_request')
  const types = headerValues(headers, 'content-type')
  if (types.length !== 1 || !formType.test(types[0] as string)) {
    return respondTokenError('invalid_request')
  }
  return {
    kind: 'read',
    limit: longestForm,
    async decide(body) {
      const entries = [...new URLSearchParams(body)]
      const form = new Map(entries)
      return form.size === entries.length ? decide(form) : respondTokenError('invalid_request')
    },
  }
}
