import { SallyportError } from '@sallyport/core'
import { type Awaitable, isSessionId } from '@sallyport/session'
import type { BffContext, BffRequest } from '../context.ts'
import type { Decision } from '../decision.ts'
import { headerValues } from '../headers.ts'
import { respondError } from '../respond.ts'
import { assertOwn, crossOriginProblem, csrfProblem, listedReferer } from '../routes/csrf.ts'
import { type Endpoint, endpoints } from './table.ts'

/** Answers a request below `/bff` by the table of endpoints: exact paths, listed methods. */
export function callEndpoint(request: BffRequest, context: BffContext): Awaitable<Decision> {
  const { endpoint, allow } = findEndpoint(request)
  if (!endpoint) {
    if (allow.length === 0) return respondError(request, 'ERR_ROUTE_NOT_FOUND')
    return respondError(request, 'ERR_METHOD_NOT_ALLOWED', { headers: ['allow', allow.join(', ')] })
  }
  assertCaller(request, endpoint, context)
  // After the guard, which is the same for all: who may not call learns nothing of the options.
  if (endpoint.isOff?.(context.config)) return respondError(request, 'ERR_ROUTE_NOT_FOUND')
  return endpoint.handle(request, context)
}

/** The endpoint for a request, and the methods of all that are at its path. */
export function findEndpoint({ method, url }: Pick<BffRequest, 'method' | 'url'>): {
  endpoint: Endpoint | undefined
  allow: string[]
} {
  const atPath = endpoints.filter((one) => isAt(one.path, url.path))
  return {
    endpoint: atPath.find((one) => one.method === method),
    allow: atPath.map((one) => one.method),
  }
}

/** The methods that a script may use at a path of ours; `undefined` where no script may call. */
export function scriptMethods(path: string): string[] | undefined {
  const found = endpoints.filter((one) => isAt(one.path, path) && one.caller === 'script')
  return found.length > 0 ? found.map(({ method }) => method) : undefined
}

const idPlace = '{id}'

function isAt(pattern: string, path: string): boolean {
  if (!pattern.endsWith(idPlace)) return path === pattern
  const before = pattern.slice(0, -idPlace.length)
  return path.startsWith(before) && isSessionId(path.slice(before.length))
}

/** Lets in only who the endpoint is for, before anything is looked up. */
function assertCaller(request: BffRequest, endpoint: Endpoint, context: BffContext): void {
  if (endpoint.caller === 'issuer' || endpoint.caller === 'app') {
    const isBrowser = ['sec-fetch-site', 'origin'].some(
      (name) => headerValues(request.headers, name).length > 0,
    )
    assertOwn(isBrowser ? 'a browser calls what is not for browsers' : undefined, context)
    return
  }
  if (endpoint.caller === 'script') {
    const { publicUrl, allowedOrigins } = context.config
    assertOwn(csrfProblem(request.headers, publicUrl.origin, allowedOrigins), context)
    return
  }
  const values = (name: string) => headerValues(request.headers, name)
  const isPrefetch = [...values('sec-purpose'), ...values('purpose')].some((value) =>
    /\bpre(?:fetch|render|view)\b/.test(value),
  )
  const isOther = (name: string, wanted: readonly string[]) =>
    values(name).length > 0 && !wanted.includes(values(name)[0] as string)
  const { caller } = endpoint
  const isWrongMode = caller !== 'frame' && isOther('sec-fetch-mode', ['navigate'])
  if (isPrefetch || isWrongMode || isOther('sec-fetch-dest', destinations[caller])) throw notAPage()
  if (caller === 'own-frame') {
    const { publicUrl, allowedOrigins } = context.config
    if (listedReferer(request.headers, allowedOrigins)) return
    assertOwn(crossOriginProblem(request.headers, publicUrl.origin), context)
  }
}

/** What may become of the answer, by who calls. */
const destinations = {
  page: ['document'],
  return: ['document', 'iframe'],
  'own-frame': ['iframe'],
  frame: ['iframe'],
} as const

function notAPage(): SallyportError {
  return new SallyportError('ERR_NAVIGATION_REQUIRED', 'not the navigation that it must be')
}
