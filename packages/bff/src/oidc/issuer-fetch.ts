import { type Clock, receiveBounded, SallyportError } from '@sallyport/core'
import { type Telemetry, traceHeaders } from '@sallyport/telemetry'
import { Agent, fetch as fetchWithAgent } from 'undici'
import type { IssuerConfig } from '../options/issuer-options.ts'
import { type IssuerPlaces, isSafe, toInternal } from './back-channel.ts'
import type { DpopNonces } from './dpop-key.ts'
import { parseRetryAfter } from './retry-after.ts'

/** Longest answer taken from an issuer, in bytes. */
const longestAnswer = 1_048_576

/** What the protocol library asks for; the same as `fetch` takes. */
interface IssuerRequest {
  method: string
  headers: Record<string, string> | Headers
  body?: unknown
  /** Gives up earlier than the time-out does. */
  signal?: AbortSignal | undefined
}

/** The part of `fetch` that the protocol library uses. */
export type IssuerFetch = (url: string, request: IssuerRequest) => Promise<Response>

/** What is known of a server before it is asked. */
export type IssuerAddress = IssuerPlaces &
  Pick<IssuerConfig, 'issuerTimeout'> &
  Partial<Pick<IssuerConfig, 'clientAuthentication'>>

/** What calls to the issuer need from around them. */
export interface IssuerFetchParts {
  telemetry: Telemetry
  clock: Clock
  nonces: DpopNonces
  /** Called right before a `POST` leaves; what it throws keeps it back. */
  beforePost?: () => void
}

/**
 * `fetch` for calls to the issuer: in a client span with `traceparent`, at its internal URL, with
 * the client certificate, no redirects, a bounded answer, and every failure that may pass by itself
 * as one code.
 *
 * @throws `ERR_IDP_UNAVAILABLE` when there is no whole answer in time, or it is a 5xx or 429.
 *   `ERR_IDP_RESPONSE_INVALID` for a URL that is not safe to ask, and for an endless answer.
 */
export function createIssuerFetch(config: IssuerAddress, parts: IssuerFetchParts): IssuerFetch {
  const { telemetry, clock, nonces, beforePost } = parts
  const send = createSend(config)

  return (text, request) => {
    const published = new URL(text)
    const url = toInternal(published, config)
    const name = `${request.method} ${url.pathname}`
    return telemetry.call(name, async () => {
      if (!isSafe(url, config)) {
        throw new SallyportError('ERR_IDP_RESPONSE_INVALID', `${url.origin} must be https`)
      }
      const limit = AbortSignal.timeout(config.issuerTimeout * 1000)
      const signal = request.signal ? AbortSignal.any([limit, request.signal]) : limit
      const headers = new Headers(request.headers)
      for (const [field, value] of Object.entries(traceHeaders())) headers.set(field, value)
      const init = { ...request, headers } as RequestInit
      try {
        if (request.method === 'POST') beforePost?.()
        const response = await send(url, { ...init, redirect: 'manual', signal })
        nonces.remember(published, response.headers.get('dpop-nonce'))
        if (response.status >= 500 || response.status === 429) {
          await response.body?.cancel()
          const retryAfter = parseRetryAfter(response.headers.get('retry-after'), clock())
          throw unavailable(`${name} answered ${response.status}`, { retryAfter })
        }
        const received = await receiveBounded(response, longestAnswer)
        if (received) return received
        throw new SallyportError('ERR_IDP_RESPONSE_INVALID', `${name} answered too much`)
      } catch (cause) {
        if (cause instanceof SallyportError) throw cause
        throw unavailable(`${name} got no answer`, { cause })
      }
    })
  }
}

/** Node's own `fetch` takes no certificate; undici's does, and is the same otherwise. */
function createSend({ clientAuthentication }: IssuerAddress): typeof fetch {
  if (!clientAuthentication || !('certificate' in clientAuthentication)) return fetch
  const { certificate: cert, key } = clientAuthentication
  const dispatcher = new Agent({ connect: { cert, key } })
  const sendWith = fetchWithAgent as unknown as (url: URL, init: object) => Promise<Response>
  return (url, init) => sendWith(url as URL, { ...init, ...plainHeaders(init), dispatcher })
}

/** Headers of one `fetch` are no headers to the other. */
function plainHeaders(init: RequestInit | undefined): { headers: [string, string][] } {
  return { headers: [...new Headers(init?.headers)] }
}

function unavailable(
  message: string,
  options: { cause?: unknown; retryAfter?: number | undefined },
): SallyportError {
  return new SallyportError('ERR_IDP_UNAVAILABLE', message, options)
}
