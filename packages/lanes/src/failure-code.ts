import { type ErrorCode, SallyportError } from '@sallyport/core'
import { UpstreamTimeout } from './upstreams/upstream-timeout.ts'

const malformed =
  /^(?:HTTPParserError|HPE_|UND_ERR_(?:HEADERS_OVERFLOW|RES_|INVALID_)|ResponseFault)/

/** What a client is told when an upstream gave no answer. */
export function failureCode(error: unknown): ErrorCode {
  if (error instanceof SallyportError) return error.code
  if (error instanceof UpstreamTimeout) return 'ERR_UPSTREAM_TIMEOUT'
  return malformed.test(causeOf(error)) ? 'ERR_UPSTREAM_INVALID' : 'ERR_UPSTREAM_UNREACHABLE'
}

/** Seconds after which it may be tried again, if that is known. */
export function retryAfter(error: unknown): number | undefined {
  return error instanceof SallyportError ? error.retryAfter : undefined
}

/** Whether the upstream was not asked at all; that is said once in the log, not for each request. */
export function isRefusal(error: unknown): boolean {
  return error instanceof SallyportError
}

/** What tells failures apart: the code, or the name of those errors that may have none. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  return 'code' in error && error.code ? String(error.code) : error.name
}
