import type { ErrorCode } from '@sallyport/core'
import { csrfHeader } from '@sallyport/core/contract'
import type {
  Decision,
  ForwardDecision,
  HeaderList,
  RequestHead,
  RespondDecision,
} from '../decision.ts'
import { headerValue, headerValues } from '../headers.ts'
import { respondEmpty } from '../respond.ts'
import { listedOrigin } from './csrf.ts'
import { reachesUpstream } from './request-headers.ts'

/** Seconds for which a browser need not ask again. */
const maxAge = 600
/** What the BFF itself reads of what a page of an allowed origin sends. */
const ownHeaders = ['content-type', 'traceparent', csrfHeader.name]
/** More names than a page asks for in one preflight. */
const mostAsked = 64

/**
 * Answers a preflight of an allowed origin, before anybody is asked who they are: it carries no
 * cookie. Of any other origin it is a request like others, and refused like them.
 *
 * What a page may send is what goes on to an upstream, and the BFF's own.
 *
 * @param methods those of the route or endpoint; `undefined` where no script may call.
 * @see {@link https://fetch.spec.whatwg.org/#cors-preflight-request Fetch, section 3.3.2}
 */
export function answerPreflight(
  { method, headers }: RequestHead,
  allowedOrigins: readonly string[],
  methods: readonly string[] | undefined,
): RespondDecision | undefined {
  if (method !== 'OPTIONS' || !methods || !listedOrigin(headers, allowedOrigins)) return undefined
  if (headerValue(headers, 'access-control-request-method') === undefined) return undefined
  const asked = headerValues(headers, 'access-control-request-headers')
    .flatMap((value) => value.toLowerCase().split(','))
    .map((name) => name.trim())
    .slice(0, mostAsked)
  const names = new Set([...ownHeaders, ...asked.filter(reachesUpstream)])
  const allowed = [
    ...['access-control-allow-methods', methods.join(', ')],
    ...['access-control-allow-headers', [...names].join(', ')],
    ...['access-control-max-age', String(maxAge)],
  ]
  return respondEmpty(204, { headers: allowed })
}

/**
 * Lets pages of allowed origins read an answer, errors included. What the application around answers
 * is the application's to share; a redirect is for navigations, which need no permission.
 */
export function withCors(
  head: RequestHead,
  allowedOrigins: readonly string[],
  decision: Decision,
): Decision {
  if (allowedOrigins.length === 0) return decision
  return shareDecision(decision, listedOrigin(head.headers, allowedOrigins))
}

function shareDecision(decision: Decision, origin: string | undefined): Decision {
  switch (decision.kind) {
    case 'respond':
      return shareRespond(decision, origin)
    case 'stream':
      return { ...decision, headers: share(decision.headers, origin) }
    case 'forward':
      return {
        ...decision,
        responseHeaders: (upstream) => share(decision.responseHeaders(upstream), origin),
        answerFailure: (code: ErrorCode, retryAfter?: number) =>
          shareRespond(decision.answerFailure(code, retryAfter), origin),
        instead: (status, upstream) => shareInstead(decision.instead?.(status, upstream), origin),
      }
    case 'pass':
      return {
        ...decision,
        answerFailure: (code: ErrorCode) => shareRespond(decision.answerFailure(code), origin),
      }
    default:
      return decision
  }
}

function shareInstead(
  decision: RespondDecision | ForwardDecision | undefined,
  origin: string | undefined,
) {
  return decision && (shareDecision(decision, origin) as typeof decision)
}

function shareRespond(decision: RespondDecision, origin: string | undefined): RespondDecision {
  const reader = decision.status === 303 ? undefined : origin
  return { ...decision, headers: share(decision.headers, reader) }
}

function share(headers: HeaderList, origin: string | undefined): HeaderList {
  if (origin === undefined) return [...headers, 'vary', 'origin']
  const exposed = exposedNames(headers)
  return [
    ...headers,
    ...['vary', 'origin'],
    ...['access-control-allow-origin', origin],
    ...['access-control-allow-credentials', 'true'],
    ...(exposed.length > 0 ? ['access-control-expose-headers', exposed.join(', ')] : []),
  ]
}

/** What a script has no use for, and what it can read without being told (Fetch, section 2.2.2). */
const unexposed = new Set([
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-max-age',
  'allow',
  'cache-control',
  'content-language',
  'content-length',
  'content-security-policy',
  'content-type',
  'cross-origin-resource-policy',
  'date',
  'expires',
  'last-modified',
  'pragma',
  'referrer-policy',
  'set-cookie',
  'vary',
  'x-accel-buffering',
  'x-content-type-options',
])

/** What a page of our own origin could read: of an API's answer, all that the API says itself. */
function exposedNames(headers: HeaderList): string[] {
  const names = new Set<string>()
  for (let i = 0; i < headers.length; i += 2) names.add((headers[i] as string).toLowerCase())
  return [...names].filter((name) => !unexposed.has(name))
}
