import { errorCode, SallyportError } from '@sallyport/core'
import {
  type ChallengeDetails,
  type Realm,
  readPresentedToken,
  type TokenScheme,
  toChallenge,
} from '@sallyport/core/access-token'
import { defaultDpopAlgorithms } from '@sallyport/core/dpop'
import type { BffContext, BffRequest } from '../context.ts'
import type { RespondDecision } from '../decision.ts'
import { headerValues } from '../headers.ts'
import type { RouteConfig } from '../options/route-options.ts'
import { respondError } from '../respond.ts'
import type { Admission, PresentedCaller } from '../tokens/bearer-callers.ts'
import { nonceHeaders } from '../tokens/proof-nonces.ts'
import type { AdmittedCaller } from './caller-step-up.ts'

/**
 * Whether a request is an app's, which shows a token, and not a browser's, which shows a cookie.
 * On a route for both, only what `Authorization` says decides.
 */
export function isTokenCall({ headers }: BffRequest, { callers }: RouteConfig): boolean {
  if (!callers.includes('browser')) return true
  if (callers.length === 1) return false
  return headerValues(headers, 'authorization').some((value) => /^(?:bearer|dpop)\b/i.test(value))
}

/**
 * Lets in an app's request, with the token that goes to the upstream, or refuses it. No cookie counts, and
 * with a session cookie beside it a token does not count either: whose call it is must never
 * depend on who looks.
 */
export async function admitTokenCall(
  request: BffRequest,
  route: RouteConfig,
  context: BffContext,
): Promise<AdmittedCaller | RespondDecision> {
  const { method, target: url, headers } = request
  const realm = toRealm(route, context)
  const presented = readPresentedToken({ method, url, headers }, realm.schemes)
  const refuse = (error: unknown, details: ChallengeDetails = {}, detail?: string) =>
    refuseCaller(request, error, { realm, details, detail, context })
  if (presented.kind === 'absent') {
    return refuse(new SallyportError('ERR_TOKEN_MISSING', 'no access token'))
  }
  const { scheme } = presented
  if (presented.kind === 'malformed') {
    return refuse(new SallyportError('ERR_REQUEST_INVALID', presented.reason), { scheme })
  }
  if (context.sessions.isNamed(request.cookies)) {
    const message = 'a session cookie and an access token in one request'
    return refuse(new SallyportError('ERR_REQUEST_INVALID', message), { scheme }, twoCallers)
  }
  const { accessToken } = presented
  try {
    const caller = { request: { method, url, headers }, scheme, accessToken }
    return { ...(await admit(caller, route, context)), scheme, realm }
  } catch (error) {
    const scopes = errorCode(error) === 'ERR_SCOPE_INSUFFICIENT' ? (route.callerScopes ?? []) : []
    return refuse(error, { scheme, scopes })
  }
}

async function admit(
  caller: PresentedCaller,
  route: RouteConfig,
  { bearer, native }: BffContext,
): Promise<Admission> {
  // A JWT has dots, and what we hand out ourselves has none.
  const isJwt = caller.accessToken.includes('.')
  if (isJwt && bearer && route.callers.includes('bearer')) return bearer.admit(caller, route)
  if (!isJwt && native && route.callers.includes('native')) return native.admit(caller, route)
  throw new SallyportError('ERR_TOKEN_INVALID', 'no token of a kind that this route takes')
}

function toRealm({ callers }: RouteConfig, { config }: BffContext): Realm {
  const takesBearer = callers.includes('bearer') && config.bearer?.dpop === 'accepted'
  const schemes: TokenScheme[] = takesBearer ? ['Bearer', 'DPoP'] : ['DPoP']
  return { realm: config.frontend, schemes, dpopAlgorithms: defaultDpopAlgorithms }
}

const twoCallers = 'Send the session cookie or an access token, not both.'

interface RefusalFacts {
  realm: Realm
  details: ChallengeDetails
  detail: string | undefined
  context: BffContext
}

function refuseCaller(
  request: BffRequest,
  error: unknown,
  { realm, details, detail, context }: RefusalFacts,
): RespondDecision {
  const failed = errorCode(error)
  // What ended a session, or the issuer's belief in a token, is for an app one thing: a dead token.
  const code = failed === 'ERR_LOGIN_REQUIRED' ? 'ERR_TOKEN_INVALID' : failed
  const level = code === 'ERR_INTERNAL' ? 'error' : 'warn'
  context.log[level]({ event: 'token_call_refused', code, error }, 'a call with a token is refused')
  const challenge = toChallenge(code, realm, details)
  const retryAfter = error instanceof SallyportError ? error.retryAfter : undefined
  const headers = [
    ...(challenge === undefined ? [] : ['www-authenticate', challenge]),
    ...(code === 'ERR_DPOP_NONCE_REQUIRED' ? nonceHeaders(context) : []),
  ]
  return respondError(request, code, { headers, retryAfter, ...(detail ? { detail } : {}) })
}
