import type { Awaitable } from '@sallyport/session'
import { traceHeaders } from '@sallyport/telemetry'
import { chain } from '../awaitable.ts'
import type { BffContext, BffRequest } from '../context.ts'
import type { Decision, ForwardDecision } from '../decision.ts'
import { requireSession } from '../require-session.ts'
import { respondError } from '../respond.ts'
import type { Session, StoredAccessToken } from '../sessions/session.ts'
import { toTokenRequest } from '../tokens/token-request.ts'
import { assertOwn, crossOriginProblem, csrfProblem } from './csrf.ts'
import type { CompiledRoute } from './match.ts'
import { toUpstreamHeaders } from './request-headers.ts'
import { toBrowserHeaders } from './response-headers.ts'

/** Decides on a request that a route matches. */
export function proxy(
  request: BffRequest,
  route: CompiledRoute,
  context: BffContext,
): Awaitable<Decision> {
  const { origin } = context.config.publicUrl
  const isNamed = context.sessions.isNamed(request.cookies)
  // Whoever has a cookie to lend, or gets a token for the asking, must be the application itself.
  const isPublic = route.token === 'none' || route.token === 'user-or-none'
  const problem = isNamed || !isPublic ? csrfProblem : crossOriginProblem
  assertOwn(problem(request.headers, origin), context)
  if (!route.methods.includes(request.method)) {
    return respondError(request, 'ERR_METHOD_NOT_ALLOWED', {
      headers: ['allow', route.methods.join(', ')],
    })
  }
  switch (route.token) {
    case 'none':
      return forward(request, route, { context })
    case 'client':
      return forwardAsClient(request, route, context)
    case 'user':
      return forwardAsUser(request, route, context)
    default:
      if (isNamed) return forwardAsUser(request, route, context)
      return route.token === 'user-or-client'
        ? forwardAsClient(request, route, context)
        : forward(request, route, { context })
  }
}

function forwardAsUser(
  request: BffRequest,
  route: CompiledRoute,
  context: BffContext,
): Awaitable<Decision> {
  return chain(requireSession(request, context), (session) => {
    const setCookies = context.sessions.slide(session)
    const token = context.accessTokens.forSession(session, toTokenRequest(route))
    return chain(token, (accessToken) =>
      forward(request, route, { context, session, accessToken, setCookies }),
    )
  })
}

function forwardAsClient(
  request: BffRequest,
  route: CompiledRoute,
  context: BffContext,
): Awaitable<Decision> {
  return chain(context.clientTokens.forRequest(toTokenRequest(route)), (accessToken) =>
    forward(request, route, { context, accessToken }),
  )
}

interface ForwardFacts {
  context: BffContext
  session?: Session
  accessToken?: StoredAccessToken
  setCookies?: readonly string[]
}

function forward(request: BffRequest, route: CompiledRoute, facts: ForwardFacts): ForwardDecision {
  const { publicUrl } = facts.context.config
  const { accessToken, setCookies = [] } = facts
  const { upstream } = route
  const path = `${route.toUpstream(request.url.path)}${request.url.query}`
  return {
    kind: 'forward',
    method: request.method,
    origin: upstream.origin,
    path,
    headers: toUpstreamHeaders(request, {
      ...{ publicUrl, upstream, trace: traceHeaders() },
      accessToken: accessToken?.accessToken,
    }),
    responseHeaders: (headers) => [
      ...toBrowserHeaders(route, headers, path),
      ...setCookies.flatMap((cookie) => ['set-cookie', cookie]),
    ],
    route: route.match,
    timeout: route.timeout,
  }
}
