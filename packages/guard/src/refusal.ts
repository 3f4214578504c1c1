import { type ErrorCode, errorCatalogue, toProblem } from '@sallyport/core'

/** The answer to a request that is not let through. */
export interface Refusal {
  allowed: false
  status: number
  /** Lower-case names. */
  headers: Record<string, string>
  /** Body, `application/problem+json`. */
  problem: ReturnType<typeof toProblem>
}

/** Seconds after which it makes sense to ask again. */
const retryAfter = 5

/**
 * The `error` parameter that a code has in its challenge. A request without a token gets a
 * challenge without one: there is nothing wrong with it yet. Other codes get no challenge.
 */
const challengeErrors: Partial<Record<ErrorCode, string | undefined>> = {
  ERR_TOKEN_MISSING: undefined,
  ERR_REQUEST_INVALID: 'invalid_request',
  ERR_TOKEN_INVALID: 'invalid_token',
  ERR_SCOPE_INSUFFICIENT: 'insufficient_scope',
}

/**
 * Answers as RFC 6750 asks: the challenge says what kind of token is missing, never why a given
 * one failed.
 *
 * @param details `scopes`: those that the request needs.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6750.html#section-3 RFC 6750, section 3}
 */
export function refuse(
  code: ErrorCode,
  realm: string,
  details: { scopes?: readonly string[] } = {},
): Refusal {
  const { status } = errorCatalogue[code]
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  }
  if (status === 503) headers['retry-after'] = String(retryAfter)
  if (code in challengeErrors) {
    headers['www-authenticate'] = challenge(code, realm, details.scopes)
  }
  return { allowed: false, status, headers, problem: toProblem(code) }
}

function challenge(code: ErrorCode, realm: string, scopes?: readonly string[]): string {
  const parameters = [`realm="${realm}"`]
  const error = challengeErrors[code]
  if (error) parameters.push(`error="${error}"`)
  if (scopes && scopes.length > 0) parameters.push(`scope="${scopes.join(' ')}"`)
  return `Bearer ${parameters.join(', ')}`
}
