import { receiveBounded, SallyportError } from '@sallyport/core'
import { type Telemetry, traceHeaders } from '@sallyport/telemetry'

/** Longest answer taken from an issuer, in bytes. */
const longestAnswer = 1_048_576

/** What the protocol library asks for; the same as `fetch` takes. */
interface IssuerRequest {
  method: string
  headers: Record<string, string> | Headers
  body?: unknown
}

/** The part of `fetch` that the protocol library uses. */
export type IssuerFetch = (url: string, request: IssuerRequest) => Promise<Response>

/**
 * `fetch` for calls to the issuer: in a client span with `traceparent`, no redirects, a bounded
 * answer, and every failure that may pass by itself as one code.
 *
 * @throws `ERR_IDP_UNAVAILABLE` when there is no whole answer in time, or it is a 5xx or 429.
 */
export function createIssuerFetch(telemetry: Telemetry, timeout: number): IssuerFetch {
  return (url, request) => {
    const name = `${request.method} ${new URL(url).pathname}`
    return telemetry.call(name, async () => {
      const signal = AbortSignal.timeout(timeout * 1000)
      const headers = new Headers(request.headers)
      for (const [field, value] of Object.entries(traceHeaders())) headers.set(field, value)
      const init = { ...request, headers } as RequestInit
      try {
        const response = await fetch(url, { ...init, redirect: 'manual', signal })
        if (response.status >= 500 || response.status === 429) {
          await response.body?.cancel()
          throw unavailable(`${name} answered ${response.status}`)
        }
        const received = await receiveBounded(response, longestAnswer)
        if (received) return received
        throw new SallyportError('ERR_IDP_RESPONSE_INVALID', `${name} answered too much`)
      } catch (cause) {
        if (cause instanceof SallyportError) throw cause
        throw unavailable(`${name} got no answer`, cause)
      }
    })
  }
}

function unavailable(message: string, cause?: unknown): SallyportError {
  return new SallyportError('ERR_IDP_UNAVAILABLE', message, { cause })
}
