import { type ErrorCode, errorCode } from '@sallyport/core'
import type { HeaderList, RespondDecision } from '../decision.ts'
import { respondJson } from '../respond.ts'

/**
 * The error that an app reads in an authorization response.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749.html#section-4.1.2.1 RFC 6749, section 4.1.2.1}
 */
const responseErrors: Partial<Record<ErrorCode, string>> = {
  ERR_ACR_NOT_MET: 'unmet_authentication_requirements',
  ERR_CALLBACK_REJECTED: 'access_denied',
  ERR_IDP_UNAVAILABLE: 'temporarily_unavailable',
  ERR_LOGIN_DENIED: 'access_denied',
  ERR_LOGIN_REQUIRED: 'access_denied',
  ERR_SESSION_STORE_UNAVAILABLE: 'temporarily_unavailable',
}

/** What the issuer says about a sign-in without questions; an app may ask with questions then. */
const handedOn = new Set([
  'account_selection_required',
  'consent_required',
  'interaction_required',
  'login_required',
])

/** Says to the app why its sign-in failed. @param issuerError what the issuer answered, if it did. */
export function toResponseError(error: unknown, issuerError?: string): string {
  if (issuerError !== undefined && handedOn.has(issuerError)) return issuerError
  return responseErrors[errorCode(error)] ?? 'server_error'
}

/** The errors of the endpoints that apps call themselves. */
export type TokenError =
  | 'invalid_client'
  | 'invalid_dpop_proof'
  | 'invalid_grant'
  | 'invalid_request'
  | 'unsupported_grant_type'
  | 'use_dpop_nonce'

/**
 * A refusal as OAuth clients read it.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749.html#section-5.2 RFC 6749, section 5.2}
 */
export function respondTokenError(error: TokenError, headers: HeaderList = []): RespondDecision {
  return respondJson({ error }, { status: 400, headers })
}
