import { SallyportError } from '@sallyport/core'
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type * as client from 'openid-client'

/** An authorization response that is one: a state, and either a code or an error. */
export interface AuthorizationResponse {
  readonly state: string
  readonly error: string | undefined
  /** All that the issuer said, each parameter once. */
  readonly parameters: URLSearchParams
}

const statePattern = /^[\w-]{43}$/
const clockTolerance = 5

/**
 * Reads the query of a plain authorization response. It proves nothing: who sent it, the
 * transaction of its state decides.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749.html#section-4.1.2 RFC 6749, section 4.1.2}
 */
export function readResponse(parameters: URLSearchParams): AuthorizationResponse | undefined {
  if (isRepeating(parameters)) return undefined
  const state = parameters.get('state') ?? ''
  const error = parameters.get('error') ?? undefined
  const isOneOf = parameters.has('code') !== parameters.has('error')
  return isOneOf && statePattern.test(state) ? { state, error, parameters } : undefined
}

/** What a signed response must be. */
export interface SignedResponseRules {
  readonly issuer: string
  readonly clientId: string
  readonly keys: JWTVerifyGetKey
  readonly algorithms: string[]
  /** Seconds since the epoch. */
  readonly now: number
}

/**
 * Reads a signed authorization response. Nothing in it is looked at before its signature, issuer,
 * audience and time hold; a plain one is none, not even beside it.
 *
 * @throws `ERR_CALLBACK_REJECTED` for a JWT that does not hold; `ERR_IDP_UNAVAILABLE` while keys
 *   cannot be had.
 * @see {@link https://openid.net/specs/oauth-v2-jarm-final.html#section-2.4 JARM, section 2.4}
 */
export async function readSignedResponse(
  query: URLSearchParams,
  rules: SignedResponseRules,
): Promise<AuthorizationResponse | undefined> {
  const jwt = query.get('response')
  if (!jwt || isRepeating(query)) return undefined
  if (['code', 'state', 'error'].some((name) => query.has(name))) return undefined
  return readResponse(toParameters(await verify(jwt, rules)))
}

async function verify(jwt: string, rules: SignedResponseRules): Promise<JWTPayload> {
  const { issuer, clientId, keys, algorithms, now } = rules
  try {
    const { payload } = await jwtVerify(jwt, keys, {
      ...{ issuer, algorithms, clockTolerance },
      audience: clientId,
      requiredClaims: ['iss', 'aud', 'exp'],
      currentDate: new Date(now * 1000),
    })
    if ([payload.aud].flat().length === 1) return payload
    throw rejected('it is for others too')
  } catch (cause) {
    if (cause instanceof errors.JOSEError) throw rejected(cause.message, cause)
    throw cause
  }
}

/** The parameters among the claims, `iss` included: those that are text. */
function toParameters(payload: JWTPayload): URLSearchParams {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(payload)) {
    if (name !== 'aud' && typeof value === 'string') parameters.set(name, value)
  }
  return parameters
}

/**
 * The library checks this too; here it is told apart from what the issuer itself did wrong.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9207.html#section-2.4 RFC 9207, section 2.4}
 */
export function assertSentByIssuer(
  { parameters }: AuthorizationResponse,
  metadata: client.ServerMetadata,
): void {
  const sender = parameters.get('iss')
  const isPromised = metadata.authorization_response_iss_parameter_supported === true
  if (sender === null ? !isPromised : sender === metadata.issuer) return
  throw rejected('the response is not from the issuer')
}

function isRepeating(parameters: URLSearchParams): boolean {
  const names = [...parameters.keys()]
  return new Set(names).size !== names.length
}

function rejected(problem: string, cause?: unknown): SallyportError {
  const message = `authorization response: ${problem}`
  return new SallyportError('ERR_CALLBACK_REJECTED', message, { cause })
}
