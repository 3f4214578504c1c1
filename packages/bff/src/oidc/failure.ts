import { type ErrorCode, SallyportError } from '@sallyport/core'
import * as client from 'openid-client'

/** Makes a call of the protocol library; its failures get one of our codes. */
export async function attempt<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw toSallyportError(error)
  }
}

/** Gives a protocol library's error one of our codes; it stays as the cause, for the log. */
function toSallyportError(error: unknown): SallyportError {
  const chain = causes(error)
  const own = chain.find((cause) => cause instanceof SallyportError)
  if (own instanceof SallyportError) return own
  return new SallyportError(codeOf(error, chain), `the issuer call failed${reason(error)}`, {
    cause: error,
  })
}

/** The error's name, if it is one: it comes from outside and goes into the log. */
function reason(error: unknown): string {
  const isNamed = error instanceof client.ResponseBodyError && /^[a-z_]{1,40}$/.test(error.error)
  return isNamed ? `: ${error.error}` : ''
}

/**
 * What an error of the token endpoint means for us. Only `invalid_grant` is about the session; a
 * client that is refused is misconfigured for everybody, and ends nobody's session.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749.html#section-5.2 RFC 6749, section 5.2}
 */
const codes: Readonly<Record<string, ErrorCode>> = {
  invalid_grant: 'ERR_LOGIN_REQUIRED',
  invalid_client: 'ERR_IDP_CLIENT_REJECTED',
  unauthorized_client: 'ERR_IDP_CLIENT_REJECTED',
  invalid_target: 'ERR_TOKEN_UNAVAILABLE',
  invalid_scope: 'ERR_TOKEN_UNAVAILABLE',
  temporarily_unavailable: 'ERR_IDP_UNAVAILABLE',
  server_error: 'ERR_IDP_UNAVAILABLE',
  use_dpop_nonce: 'ERR_IDP_UNAVAILABLE',
}

/**
 * What an error that a browser brings back means, where it is not the person's doing.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749.html#section-4.1.2.1 RFC 6749, section 4.1.2.1}
 * @see {@link https://openid.net/specs/openid-connect-unmet-authentication-requirements-1_0.html OpenID Connect unmet_authentication_requirements 1.0}
 */
const responseCodes: Readonly<Record<string, ErrorCode>> = {
  invalid_request: 'ERR_IDP_REQUEST_REFUSED',
  invalid_request_object: 'ERR_IDP_REQUEST_REFUSED',
  invalid_request_uri: 'ERR_IDP_REQUEST_REFUSED',
  invalid_scope: 'ERR_IDP_REQUEST_REFUSED',
  invalid_target: 'ERR_IDP_REQUEST_REFUSED',
  unauthorized_client: 'ERR_IDP_REQUEST_REFUSED',
  unsupported_response_type: 'ERR_IDP_REQUEST_REFUSED',
  request_not_supported: 'ERR_IDP_REQUEST_REFUSED',
  request_uri_not_supported: 'ERR_IDP_REQUEST_REFUSED',
  server_error: 'ERR_IDP_UNAVAILABLE',
  temporarily_unavailable: 'ERR_IDP_UNAVAILABLE',
  unmet_authentication_requirements: 'ERR_ACR_NOT_MET',
}

function codeOf(error: unknown, chain: readonly unknown[]): ErrorCode {
  if (error instanceof client.AuthorizationResponseError) {
    return Object.hasOwn(responseCodes, error.error)
      ? (responseCodes[error.error] as ErrorCode)
      : 'ERR_LOGIN_DENIED'
  }
  if (error instanceof client.ResponseBodyError) {
    return Object.hasOwn(codes, error.error)
      ? (codes[error.error] as ErrorCode)
      : 'ERR_IDP_RESPONSE_INVALID'
  }
  // A challenge in place of an error: the credentials in the Authorization header are refused.
  if (error instanceof client.WWWAuthenticateChallengeError && error.status === 401) {
    return 'ERR_IDP_CLIENT_REJECTED'
  }
  const isTimeout = chain.some(
    (cause) => cause instanceof Error && 'code' in cause && cause.code === 'OAUTH_TIMEOUT',
  )
  return isTimeout ? 'ERR_IDP_UNAVAILABLE' : 'ERR_IDP_RESPONSE_INVALID'
}

function causes(error: unknown): unknown[] {
  const chain: unknown[] = []
  for (let next = error; next instanceof Error && chain.length < 8; next = next.cause) {
    chain.push(next)
  }
  return chain
}
