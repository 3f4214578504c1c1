import type { Awaitable } from '@sallyport/session'
import { traceHeaders } from '@sallyport/telemetry'
import { chain } from '../awaitable.ts'
import type { BffContext, BffRequest } from '../context.ts'
import type { Decision, ForwardDecision, HeaderList, RespondDecision } from '../decision.ts'
import { hasBody, headerValue } from '../headers.ts'
import type { UpstreamConfig } from '../options/upstream-options.ts'
import { respondError } from '../respond.ts'
import type { Session } from '../sessions/session.ts'
import type { Target } from '../target.ts'
import type { UpstreamToken } from '../tokens/credentials.ts'
import { nonceHeaders } from '../tokens/proof-nonces.ts'
import { toTokenRequest } from '../tokens/token-request.ts'
import { needsCsrfHeader, whoseToken } from './admission.ts'
import { type AdmittedCaller, requireStepUpOfApp } from './caller-step-up.ts'
import { type Challenge, readChallenges } from './challenges.ts'
import { assertOwn, crossOriginProblem, csrfProblem } from './csrf.ts'
import type { CompiledRoute } from './match.ts'
import { toUpstreamHeaders } from './request-headers.ts'
import { toBrowserHeaders } from './response-headers.ts'
import { requireStepUp, stepUpDemand } from './step-up.ts'
import { admitTokenCall, isTokenCall } from './token-callers.ts'

/** Decides on a request that a route matches. */
export function proxy(
  request: BffRequest,
  route: CompiledRoute,
  context: BffContext,
): Awaitable<Decision> {
  const { publicUrl, allowedOrigins } = context.config
  const isApp = isTokenCall(request, route)
  const isNamed = !isApp && context.sessions.isNamed(request.cookies)
  const problem = needsCsrfHeader(route, { isApp, isNamed }) ? csrfProblem : crossOriginProblem
  assertOwn(problem(request.headers, publicUrl.origin, allowedOrigins), context)
  if (!route.methods.includes(request.method)) {
    return respondError(request, 'ERR_METHOD_NOT_ALLOWED', {
      headers: ['allow', route.allow.join(', ')],
    })
  }
  if (isApp) {
    return chain(admitTokenCall(request, route, context), (admitted) =>
      'kind' in admitted
        ? admitted
        : forward(request, route, {
            ...{ context, caller: admitted, upstreamToken: admitted.upstreamToken },
          }),
    )
  }
  const whose = whoseToken(route, isNamed)
  if (whose === 'user') return forwardAsUser(request, route, context)
  const met = route.visitor ? context.visitors.meet(request.cookies) : undefined
  return chain(met, (visitor) => {
    const facts = { context, visitor: visitor?.id, setCookies: visitor?.setCookies }
    return whose === 'client'
      ? forwardAsClient(request, route, facts)
      : forward(request, route, facts)
  })
}

function forwardAsUser(
  request: BffRequest,
  route: CompiledRoute,
  context: BffContext,
): Awaitable<Decision> {
  return chain(context.sessions.open(request.cookies), (session) => {
    if (!session) return refuseEnded(request, route, context)
    const setCookies = context.sessions.slide(session)
    const token = context.accessTokens.forSession(session, toTokenRequest(route))
    return chain(token, (accessToken) =>
      forward(request, route, {
        ...{ context, session, setCookies },
        ...(route.visitor && { visitor: session.content.visitor }),
        upstreamToken: { token: accessToken, dpopKey: session.content.dpopKey },
      }),
    )
  })
}

/** Where visitors are welcome too, whoever had a session is told once that it is over. */
function refuseEnded(
  request: BffRequest,
  route: CompiledRoute,
  { sessions }: BffContext,
): Decision {
  const setCookies = route.token === 'user' ? [] : sessions.expire(request.cookies)
  return respondError(request, 'ERR_LOGIN_REQUIRED', { setCookies })
}

function forwardAsClient(
  request: BffRequest,
  route: CompiledRoute,
  facts: ForwardFacts,
): Awaitable<Decision> {
  const { clientTokens } = facts.context
  return chain(clientTokens.forRequest(toTokenRequest(route)), (upstreamToken) =>
    forward(request, route, { ...facts, upstreamToken }),
  )
}

interface ForwardFacts {
  context: BffContext
  upstreamToken?: UpstreamToken
  /** Whose token it is, when it is a person's. */
  session?: Session
  /** The app that asks, when it is one. */
  caller?: AdmittedCaller
  visitor?: string | undefined
  setCookies?: readonly string[] | undefined
  /** Whether the upstream has been asked before, and wanted another proof. */
  isAgain?: true
}

/** What the upstream is asked for: path and query. */
export function toUpstreamPath(route: CompiledRoute, { path, query }: Target): string {
  return `${route.toUpstream(path)}${query}`
}

function forward(request: BffRequest, route: CompiledRoute, facts: ForwardFacts): ForwardDecision {
  const { upstreamToken, visitor, setCookies = [] } = facts
  const { config, credentials } = facts.context
  const { publicUrl, basePath } = config
  const { upstream, requestRules: rules } = route
  const { path: current } = request.url
  const path = toUpstreamPath(route, request.url)
  const asked = {
    method: request.method,
    // Only proofs need it, and what few need is not made for all.
    get url() {
      return new URL(path, upstream)
    },
  }
  const presented = upstreamToken && credentials.headers(upstreamToken, asked)
  const noteNonce = (headers: HeaderList) => {
    if (upstreamToken?.dpopKey) credentials.noteNonce(asked.url, headers)
  }
  return {
    kind: 'forward',
    method: request.method,
    origin: upstream.origin,
    upstream: config.upstreams[upstream.origin] as UpstreamConfig,
    path,
    headers: toUpstreamHeaders(request, {
      ...{ publicUrl, upstream, rules, visitor, trace: traceHeaders() },
      credentials: presented ?? [],
      clientAddress: request.clientAddress,
      cookies: route.requestCookies && pickCookies(request, route.requestCookies),
    }),
    responseHeaders(headers) {
      noteNonce(headers)
      const nonce = facts.caller?.scheme === 'DPoP' ? nonceHeaders(facts.context) : []
      const place = { publicUrl, basePath, path, current, setCookies }
      return [...toBrowserHeaders(route, headers, place), ...nonce]
    },
    instead(status, upstream) {
      if (status !== 401 || !upstreamToken) return undefined
      noteNonce(upstream)
      const challenges = readChallenges(upstream)
      if (wantsNonce(challenges, upstream)) {
        const isOver = facts.isAgain || hasBody(request.headers)
        return isOver ? undefined : forward(request, route, { ...facts, isAgain: true })
      }
      return refuseForStepUp(request, challenges, facts)
    },
    answerFailure: (code, retryAfter) => respondError(request, code, { retryAfter }),
    route: route.match,
    timeout: route.timeout,
  }
}

function pickCookies({ cookies }: BffRequest, names: readonly string[]): string {
  const picked = cookies.filter(({ name }) => names.includes(name))
  return picked.map(({ name, value }) => `${name}=${value}`).join('; ')
}

/**
 * Whether the upstream wants the proof once more, with its nonce: it has not processed the request.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449.html#section-9 RFC 9449, section 9}
 */
function wantsNonce(challenges: readonly Challenge[], upstream: HeaderList): boolean {
  if (headerValue(upstream, 'dpop-nonce') === undefined) return false
  return challenges.some(
    ({ scheme, parameters }) => scheme === 'dpop' && parameters.get('error') === 'use_dpop_nonce',
  )
}

function refuseForStepUp(
  request: BffRequest,
  challenges: readonly Challenge[],
  { context, session, caller, setCookies = [] }: ForwardFacts,
): RespondDecision | undefined {
  const demand = stepUpDemand(challenges, (name) => {
    context.log.warn(
      { event: 'step_up_value_invalid', name },
      'an API asks for what no link can say',
    )
  })
  if (demand && caller) return requireStepUpOfApp(request, { caller, demand }, context)
  return demand && session && requireStepUp(request, { session, demand, setCookies }, context)
}
