import { SallyportError } from '@sallyport/core'
import type { Awaitable } from '@sallyport/session'
import type { BffContext, BffRequest } from '../context.ts'
import type { Decision } from '../decision.ts'
import { headerValues } from '../headers.ts'
import { respondError } from '../respond.ts'
import { assertOwn, csrfProblem } from '../routes/csrf.ts'
import { type Endpoint, endpoints } from './table.ts'

/** Answers a request below `/bff` by the table of endpoints: exact paths, listed methods. */
export function callEndpoint(request: BffRequest, context: BffContext): Awaitable<Decision> {
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
  if (endpoint.caller === 'issuer' || endpoint.caller === 'app') {
    const isBrowser = ['sec-fetch-site', 'origin'].some(
      (name) => headerValues(request.headers, name).length > 0,
    )
    assertOwn(isBrowser ? 'a browser calls what is not for browsers' : undefined, context)
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
  if (endpoint.caller === 'frame') {
    if (isPrefetch || isOther('sec-fetch-dest', 'iframe')) throw notAPage()
    return
  }
  if (
    isPrefetch ||
    isOther('sec-fetch-mode', 'navigate') ||
    isOther('sec-fetch-dest', 'document')
  ) {
    throw notAPage()
  }
}

function notAPage(): SallyportError {
  return new SallyportError('ERR_NAVIGATION_REQUIRED', 'not the navigation that it must be')
}
