import type { ErrorCode } from '@sallyport/core'

const timeouts = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT', 'UpstreamTimeout'])
const malformed =
  /^(?:HTTPParserError|HPE_|UND_ERR_(?:HEADERS_OVERFLOW|RES_|INVALID_)|ResponseFault)/

/** What a client is told when an upstream gave no answer. */
export function failureCode(error: unknown): ErrorCode {
  const cause = causeOf(error)
  if (timeouts.has(cause)) return 'ERR_UPSTREAM_TIMEOUT'
  return malformed.test(cause) ? 'ERR_UPSTREAM_INVALID' : 'ERR_UPSTREAM_UNREACHABLE'
}

/** What tells failures apart: the code, or the name of those errors that may have none. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  return 'code' in error && error.code ? String(error.code) : error.name
}
