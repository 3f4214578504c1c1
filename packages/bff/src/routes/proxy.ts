import type { Awaitable } from '@sallyport/session'
import { traceHeaders } from '@sallyport/telemetry'
import { chain } from '../awaitable.ts'
import type { BffContext, BffRequest } from '../context.ts'
import { sessionCookieName } from '../cookies.ts'
import type { Decision, ForwardDecision } from '../decision.ts'
import { requireSession } from '../require-session.ts'
import { respondError } from '../respond.ts'
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
  const { publicUrl } = context.config
  const { origin } = publicUrl
  if (route.token === 'user' || hasSessionCookie(request)) {
    assertOwn(csrfProblem(request.headers, origin), context)
  } else {
    assertOwn(crossOriginProblem(request.headers, origin), context)
  }
  if (!route.methods.includes(request.method)) {
    return respondError(request, 'ERR_METHOD_NOT_ALLOWED', {
      headers: ['allow', route.methods.join(', ')],
    })
  }
  if (route.token === 'none') return forward(request, route, { publicUrl })

  return chain(requireSession(request, context), (session) => {
    context.sessions.slide(session)
    const accessToken = context.accessTokens.forResource(session, route.resource ?? '')
    return chain(accessToken, (token) => forward(request, route, { publicUrl, accessToken: token }))
  })
}

interface ForwardFacts {
  publicUrl: URL
  accessToken?: string
}

function forward(
  request: BffRequest,
  route: CompiledRoute,
  { publicUrl, accessToken }: ForwardFacts,
): ForwardDecision {
  const { upstream } = route
  const facts = { publicUrl, upstream, accessToken, trace: traceHeaders() }
  const path = `${route.toUpstream(request.url.path)}${request.url.query}`
  return {
    kind: 'forward',
    method: request.method,
    origin: upstream.origin,
    path,
    headers: toUpstreamHeaders(request, facts),
    responseHeaders: (headers) => toBrowserHeaders(route, headers, path),
    route: route.match,
    timeout: route.timeout,
  }
}

function hasSessionCookie(request: BffRequest): boolean {
  return request.cookies.some(({ name }) => name === sessionCookieName)
}
