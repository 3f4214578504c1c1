import type { ErrorCode } from '../errors.ts'
import type { TokenScheme } from './presented-token.ts'

/** What an API says of itself when it refuses. */
export interface Realm {
  realm: string
  /** How tokens can be presented; the first is for failures without a token. */
  schemes: readonly TokenScheme[]
  dpopAlgorithms: readonly string[]
}

/** What a request lacks. */
export interface ChallengeDetails {
  /** How the token was presented. */
  scheme?: TokenScheme
  /** Those that the request needs. */
  scopes?: readonly string[]
  /** What the sign-in must meet, and what of it is missing. */
  signIn?: { missing: 'acr' | 'age'; acrValues?: readonly string[]; maxAge?: number }
}

/**
 * The `error` parameter that a code has in its challenge. A request without a token gets a
 * challenge without one: there is nothing wrong with it yet. Other codes get no challenge.
 */
const challengeErrors: Partial<Record<ErrorCode, string | undefined>> = {
  ERR_TOKEN_MISSING: undefined,
  ERR_REQUEST_INVALID: 'invalid_request',
  ERR_TOKEN_INVALID: 'invalid_token',
  ERR_DPOP_PROOF_INVALID: 'invalid_dpop_proof',
  ERR_DPOP_NONCE_REQUIRED: 'use_dpop_nonce',
  ERR_STEP_UP_REQUIRED: 'insufficient_user_authentication',
  ERR_SCOPE_INSUFFICIENT: 'insufficient_scope',
}

const descriptions = {
  acr: 'Another kind of sign-in is needed',
  age: 'A more recent sign-in is needed',
}

/**
 * The value of `WWW-Authenticate` for a code, as RFC 6750 asks: it says what kind of token is
 * missing, never why a given one failed.
 *
 * @returns `undefined` for a code that no token would help with.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6750.html#section-3 RFC 6750, section 3},
 *   {@link https://www.rfc-editor.org/rfc/rfc9449.html#section-7.1 RFC 9449, section 7.1},
 *   {@link https://www.rfc-editor.org/rfc/rfc9470.html#section-3 RFC 9470, section 3}
 */
export function toChallenge(
  code: ErrorCode,
  realm: Realm,
  details: ChallengeDetails = {},
): string | undefined {
  if (!(code in challengeErrors)) return undefined
  if (code === 'ERR_TOKEN_MISSING') {
    return realm.schemes.map((scheme) => challenge(scheme, realm, [])).join(', ')
  }
  const { scheme, scopes = [], signIn } = details
  const parameters = [`error="${challengeErrors[code]}"`]
  if (scopes.length > 0) parameters.push(`scope="${scopes.join(' ')}"`)
  if (signIn) {
    const { missing, acrValues, maxAge } = signIn
    parameters.push(`error_description="${descriptions[missing]}"`)
    if (acrValues) parameters.push(`acr_values="${quoted(acrValues.join(' '))}"`)
    if (maxAge !== undefined) parameters.push(`max_age="${maxAge}"`)
  }
  const possible = scheme && realm.schemes.includes(scheme) ? scheme : realm.schemes[0]
  return challenge(possible as TokenScheme, realm, parameters)
}

/** @see {@link https://www.rfc-editor.org/rfc/rfc9110.html#section-5.6.4 RFC 9110, section 5.6.4} */
function quoted(text: string): string {
  return text.replace(/["\\]/g, '\\$&')
}

function challenge(
  scheme: TokenScheme,
  { realm, dpopAlgorithms }: Realm,
  parameters: readonly string[],
): string {
  const algorithms = scheme === 'DPoP' ? [`algs="${dpopAlgorithms.join(' ')}"`] : []
  return `${scheme} ${[`realm="${realm}"`, ...parameters, ...algorithms].join(', ')}`
}
