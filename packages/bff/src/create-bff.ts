import {
  type Clock,
  type CookiePair,
  errorCode,
  parseCookies,
  SallyportError,
  systemClock,
} from '@sallyport/core'
import type { Awaitable, SessionStore } from '@sallyport/session'
import { type Telemetry, traceHeaders } from '@sallyport/telemetry'
import { chain } from './awaitable.ts'
import { parseConfig } from './config.ts'
import type { BffContext, BffRequest } from './context.ts'
import { createCookies, sessionCookieName } from './cookies.ts'
import type { Decision, ForwardDecision, RequestHead } from './decision.ts'
import { type Endpoint, endpoints } from './endpoints/table.ts'
import { headerValues } from './headers.ts'
import { createLogoutTokenVerifier } from './logout-token.ts'
import { createOidcClient } from './oidc.ts'
import type { BffConfig, BffOptions } from './options.ts'
import { requireSession } from './require-session.ts'
import { respondError } from './respond.ts'
import { crossOriginProblem, csrfProblem } from './routes/csrf.ts'
import { type CompiledRoute, createRouteMatcher } from './routes/match.ts'
import { toUpstreamHeaders } from './routes/request-headers.ts'
import { toBrowserHeaders } from './routes/response-headers.ts'
import { createSessions } from './sessions/sessions.ts'
import { parseTarget } from './target.ts'
import { createAccessTokens } from './tokens/access-tokens.ts'

/** What the BFF needs from its surroundings. */
export interface BffParts {
  store: SessionStore
  telemetry: Telemetry
  /** @defaultValue the machine's clock */
  clock?: Clock
}

/** The Backend for Frontend, without any I/O of its own towards the browser or upstreams. */
export interface Bff {
  readonly config: BffConfig
  /**
   * What to do with a request: at once when nothing has to be waited for, else as a promise.
   * Neither throws nor rejects: failures are decisions too.
   */
  decide(head: RequestHead): Awaitable<Decision>
  /** Loads the issuer's metadata ahead of the first sign-in. Rejects while it cannot be had. */
  prepare(): Promise<void>
  /** Waits for work in the background, such as revocations. The store stays open: it is yours. */
  close(): Promise<void>
}

/**
 * Creates a BFF.
 *
 * @throws `ERR_CONFIG_INVALID`, naming every problem in `options`.
 */
export function createBff(options: BffOptions, parts: BffParts): Bff {
  const config = parseConfig(options)
  const background = new Set<Promise<unknown>>()
  const context = createContext(config, parts, background)
  const matchRoute = createRouteMatcher(config.routes)

  function route(request: BffRequest): Awaitable<Decision> {
    const { path } = request.url
    if (path === '/bff' || path.startsWith('/bff/')) return callEndpoint(request, context)
    const found = matchRoute(path)
    return found ? proxy(request, found, context) : { kind: 'pass', path }
  }

  return {
    config,

    decide(head) {
      const failed = (error: unknown) => toErrorDecision(head, error, context)
      try {
        const decision = route(readRequest(head, config))
        return decision instanceof Promise ? decision.catch(failed) : decision
      } catch (error) {
        return failed(error)
      }
    },

    prepare: () => context.oidc.prepare(),

    async close() {
      await Promise.allSettled(background)
    },
  }
}

function createContext(
  config: BffConfig,
  parts: BffParts,
  background: Set<Promise<unknown>>,
): BffContext {
  const { store, telemetry, clock = systemClock } = parts
  const { log } = telemetry
  const oidc = createOidcClient(config, telemetry, clock)
  const sessions = createSessions({ config, store, clock, log })
  const leaseTime = config.issuerTimeout * 2 + 5
  const resources = config.routes.flatMap((route) => route.resource ?? [])
  return {
    config,
    clock,
    log,
    oidc,
    sessions,
    cookies: createCookies(config.sealKeys, clock),
    accessTokens: createAccessTokens({ sessions, oidc, clock, log, leaseTime }),
    verifyLogoutToken: createLogoutTokenVerifier(config, oidc, { telemetry, clock }),
    resources: [...new Set(resources)],
    inBackground(work, failure) {
      const settled = work.catch((error) => log.warn({ error }, failure))
      background.add(settled)
      settled.finally(() => background.delete(settled))
    },
  }
}

/** More than any browser sends, and fewer than where servers cut off what comes last: our part. */
const mostHeaders = 256

function readRequest(head: RequestHead, config: BffConfig): BffRequest {
  if (head.headers.length > mostHeaders * 2) {
    throw new SallyportError('ERR_REQUEST_INVALID', 'too many header fields')
  }
  const hosts = headerValues(head.headers, 'host')
  if (hosts.length !== 1) throw new SallyportError('ERR_REQUEST_INVALID', 'Host must occur once')
  if (hosts[0]?.toLowerCase() !== config.publicUrl.host) {
    throw new SallyportError('ERR_HOST_UNKNOWN', 'the Host is not that of publicUrl')
  }
  const url = parseTarget(head.target, config.publicUrl.origin)
  const cookies: CookiePair[] = headerValues(head.headers, 'cookie').flatMap(parseCookies)
  return { ...head, url, cookies }
}

function callEndpoint(request: BffRequest, context: BffContext): Awaitable<Decision> {
  const atPath = endpoints.filter(({ path }) => path === request.url.path)
  const endpoint = atPath.find(({ method }) => method === request.method)
  if (!endpoint) {
    if (atPath.length === 0) return respondError(request, 'ERR_ROUTE_NOT_FOUND')
    const allow = atPath.map(({ method }) => method).join(', ')
    return respondError(request, 'ERR_METHOD_NOT_ALLOWED', { headers: ['allow', allow] })
  }
  assertCaller(request, endpoint, context)
  return endpoint.handle(request, context)
}

/** Lets in only who the endpoint is for, before anything is looked up. */
function assertCaller(request: BffRequest, endpoint: Endpoint, context: BffContext): void {
  if (endpoint.caller === 'issuer') {
    const isBrowser = ['sec-fetch-site', 'origin'].some(
      (name) => headerValues(request.headers, name).length > 0,
    )
    assertOwn(isBrowser ? 'a browser calls what is for the issuer' : undefined, context)
    return
  }
  if (endpoint.caller === 'script') {
    assertOwn(csrfProblem(request.headers, context.config.publicUrl.origin), context)
    return
  }
  const values = (name: string) => headerValues(request.headers, name)
  const isPrefetch = [...values('sec-purpose'), ...values('purpose')].some((value) =>
    /\bpre(?:fetch|render|view)\b/.test(value),
  )
  const isOther = (name: string, wanted: string) =>
    values(name).length > 0 && values(name)[0] !== wanted
  if (
    isPrefetch ||
    isOther('sec-fetch-mode', 'navigate') ||
    isOther('sec-fetch-dest', 'document')
  ) {
    throw new SallyportError('ERR_NAVIGATION_REQUIRED', 'not a top-level navigation')
  }
}

function proxy(
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

function assertOwn(problem: string | undefined, { log }: BffContext): void {
  if (!problem) return
  log.warn({ event: 'malicious_csrf', problem }, 'a request is refused')
  throw new SallyportError('ERR_CSRF_REJECTED', problem)
}

function toErrorDecision(head: RequestHead, error: unknown, context: BffContext): Decision {
  const { log, config } = context
  const code = errorCode(error)
  if (code === 'ERR_INTERNAL') log.error({ error }, 'a decision failed')
  else if (!(error instanceof SallyportError && error.cause === undefined)) {
    log.warn({ error }, 'a request is refused')
  }
  if (code === 'ERR_HOST_UNKNOWN') {
    return respondError(head, code, {
      detail: `Open ${config.publicUrl.origin} instead.`,
      link: { href: config.publicUrl.href, label: 'Go to the application' },
    })
  }
  return respondError(head, code)
}
