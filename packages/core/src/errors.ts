import { type Problem, problemTypePrefix } from './contract.ts'

interface CatalogueEntry {
  /** HTTP status a boundary answers with. */
  status: number
  /** Stable name in the problem's `type`. */
  type: string
  /** What a person may read. Never says more than this. */
  title: string
}

/** Every code this stack throws, and what a boundary answers. Documented in docs/errors.md. */
export const errorCatalogue = {
  ERR_CONFIG_INVALID: { status: 500, type: 'internal', title: 'Internal error' },
  ERR_INTERNAL: { status: 500, type: 'internal', title: 'Internal error' },
  ERR_PORT_TAKEN: { status: 500, type: 'internal', title: 'Internal error' },
  ERR_SEAL_KEY_UNAVAILABLE: { status: 500, type: 'internal', title: 'Internal error' },

  ERR_REQUEST_INVALID: { status: 400, type: 'request_invalid', title: 'Malformed request' },
  ERR_HOST_UNKNOWN: { status: 421, type: 'host_unknown', title: 'This host is not served here' },
  ERR_FRONTEND_UNAVAILABLE: {
    status: 503,
    type: 'frontend_unavailable',
    title: 'This application cannot be found right now',
  },
  ERR_ROUTE_NOT_FOUND: { status: 404, type: 'not_found', title: 'Nothing is served at this path' },
  ERR_METHOD_NOT_ALLOWED: {
    status: 405,
    type: 'method_not_allowed',
    title: 'Method not allowed here',
  },
  ERR_CSRF_REJECTED: {
    status: 403,
    type: 'csrf_rejected',
    title: 'The request does not come from the application itself',
  },
  ERR_NAVIGATION_REQUIRED: {
    status: 403,
    type: 'navigation_required',
    title: 'Open this address as a page of the browser',
  },
  ERR_LOGIN_REQUIRED: { status: 401, type: 'login_required', title: 'Sign in first' },
  ERR_RETURN_URL_INVALID: {
    status: 400,
    type: 'return_url_invalid',
    title: 'The return URL is not a page of this application',
  },
  ERR_CALLBACK_REJECTED: {
    status: 400,
    type: 'callback_rejected',
    title: 'This sign-in cannot be completed',
  },
  ERR_LOGIN_PARAMETER_INVALID: {
    status: 400,
    type: 'login_parameter_invalid',
    title: 'A sign-in parameter cannot be passed on',
  },
  ERR_NATIVE_APP_UNKNOWN: {
    status: 400,
    type: 'native_app_unknown',
    title: 'No app of this name and address is known here',
  },
  ERR_ACR_NOT_MET: {
    status: 403,
    type: 'acr_not_met',
    title: 'This sign-in was not strong enough',
  },
  ERR_LOGIN_DENIED: { status: 400, type: 'login_denied', title: 'The sign-in was not granted' },
  ERR_IDP_RESPONSE_INVALID: {
    status: 502,
    type: 'idp_response_invalid',
    title: 'The identity server answered something unexpected',
  },
  ERR_IDP_UNAVAILABLE: {
    status: 503,
    type: 'idp_unavailable',
    title: 'The identity server cannot be reached',
  },
  ERR_IDP_UNSUITABLE: {
    status: 502,
    type: 'idp_unsuitable',
    title: 'The identity server lacks what this application needs of it',
  },
  ERR_IDP_CLIENT_REJECTED: {
    status: 502,
    type: 'idp_client_rejected',
    title: 'The identity server does not accept this application',
  },
  ERR_IDP_REQUEST_REFUSED: {
    status: 502,
    type: 'idp_request_refused',
    title: 'The identity server refuses this sign-in request',
  },
  ERR_LOGOUT_REJECTED: {
    status: 400,
    type: 'logout_rejected',
    title: 'This sign-out link does not belong to the session',
  },
  ERR_LOGOUT_TOKEN_INVALID: {
    status: 400,
    type: 'logout_token_invalid',
    title: 'This logout token is not accepted',
  },
  ERR_EVENT_STREAMS_EXHAUSTED: {
    status: 503,
    type: 'event_streams_exhausted',
    title: 'No more event streams can be held right now',
  },
  ERR_SESSION_STREAMS_EXCEEDED: {
    status: 429,
    type: 'session_streams_exceeded',
    title: 'This session holds as many event streams as it may',
  },
  ERR_SESSION_NOT_FOUND: {
    status: 404,
    type: 'session_not_found',
    title: 'There is no such session',
  },
  ERR_SESSIONS_NOT_LISTED: {
    status: 404,
    type: 'sessions_not_listed',
    title: 'Sessions are kept in their browsers here, and nowhere listed',
  },
  ERR_OPERATOR_UNKNOWN: {
    status: 401,
    type: 'operator_unknown',
    title: 'The credential of an operator is needed',
  },
  ERR_BROWSER_REFUSED: { status: 403, type: 'browser_refused', title: 'Not for browsers' },
  ERR_BODY_TOO_LARGE: { status: 413, type: 'body_too_large', title: 'The request is too large' },
  ERR_SESSION_STORE_UNAVAILABLE: {
    status: 503,
    type: 'session_store_unavailable',
    title: 'Sessions cannot be read right now',
  },
  ERR_SESSION_TOO_LARGE: {
    status: 507,
    type: 'session_too_large',
    title: 'This session does not fit into cookies',
  },
  ERR_TOKEN_UNAVAILABLE: {
    status: 403,
    type: 'token_unavailable',
    title: 'No access token can be had for this route',
  },
  ERR_UPSTREAM_UNREACHABLE: {
    status: 502,
    type: 'upstream_unreachable',
    title: 'The API cannot be reached',
  },
  ERR_UPSTREAM_INVALID: {
    status: 502,
    type: 'upstream_invalid',
    title: 'The API answered something malformed',
  },
  ERR_UPSTREAM_TIMEOUT: {
    status: 504,
    type: 'upstream_timeout',
    title: 'The API did not answer in time',
  },
  ERR_UPSTREAM_UNAVAILABLE: {
    status: 503,
    type: 'upstream_unavailable',
    title: 'The API is out of order right now',
  },
  ERR_UPSTREAM_BUSY: { status: 503, type: 'upstream_busy', title: 'The API is too busy right now' },

  ERR_TOKEN_MISSING: { status: 401, type: 'token_missing', title: 'An access token is needed' },
  ERR_TOKEN_INVALID: { status: 401, type: 'token_invalid', title: 'Access token rejected' },
  ERR_DPOP_PROOF_INVALID: {
    status: 401,
    type: 'dpop_proof_invalid',
    title: 'DPoP proof rejected',
  },
  ERR_DPOP_NONCE_REQUIRED: {
    status: 401,
    type: 'dpop_nonce_required',
    title: 'The DPoP proof needs the nonce of this server',
  },
  ERR_STEP_UP_REQUIRED: {
    status: 401,
    type: 'step_up_required',
    title: 'This needs a stronger or more recent sign-in',
  },
  ERR_REPLAY_STORE_UNAVAILABLE: {
    status: 503,
    type: 'replay_store_unavailable',
    title: 'DPoP proofs cannot be checked right now',
  },
  ERR_SCOPE_INSUFFICIENT: {
    status: 403,
    type: 'scope_insufficient',
    title: 'The access token does not allow this',
  },
  ERR_TOKEN_EXCHANGE_FAILED: {
    status: 502,
    type: 'token_exchange_failed',
    title: 'No access token could be had for the next API',
  },
  ERR_ISSUER_KEYS_UNAVAILABLE: {
    status: 503,
    type: 'issuer_keys_unavailable',
    title: 'Access tokens cannot be verified right now',
  },
} as const satisfies Record<`ERR_${string}`, CatalogueEntry>

export type ErrorCode = keyof typeof errorCatalogue

/** One thing that does not fit in options, and where. Never shows a value, which may be a secret. */
export interface OptionProblem {
  /** Empty for the options as a whole. */
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** Why it failed, and when it may be tried again. */
export interface SallyportErrorOptions extends ErrorOptions {
  /** Seconds. */
  retryAfter?: number | undefined
  problems?: readonly OptionProblem[] | undefined
}

/** The one error class. Tell failures apart by `code`; `message` and `cause` are for logs only. */
export class SallyportError extends Error {
  readonly code: ErrorCode
  /** Seconds after which another attempt may succeed, when a server said so. */
  readonly retryAfter: number | undefined
  /** What does not fit, for `ERR_CONFIG_INVALID`; the message says the same. Otherwise empty. */
  readonly problems: readonly OptionProblem[]

  constructor(code: ErrorCode, message: string, options: SallyportErrorOptions = {}) {
    super(message, options)
    this.name = 'SallyportError'
    this.code = code
    this.retryAfter = options.retryAfter
    this.problems = options.problems ?? []
  }
}

/** The code of an error of this stack; any other error is `ERR_INTERNAL`. */
export function errorCode(error: unknown): ErrorCode {
  return error instanceof SallyportError ? error.code : 'ERR_INTERNAL'
}

/**
 * What the outside may know of an error (RFC 9457). Leaks neither `message` nor `cause`.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9457.html#section-3 RFC 9457, section 3}
 */
export function toProblem(code: ErrorCode): Problem {
  const { status, type, title } = errorCatalogue[code]
  return { type: `${problemTypePrefix}${type}`, title, status, code }
}
