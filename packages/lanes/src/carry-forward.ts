import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { ForwardDecision, HeaderList } from '@sallyport/bff'
import type { ErrorCode } from '@sallyport/core'
import type { Dispatcher } from 'undici'
import type { Upstreams } from './upstreams.ts'

/** Why a request did not get its whole answer. */
export interface ForwardFailure {
  error: unknown
  /** What to answer; absent when it is too late, or the client is the one who left. */
  code?: ErrorCode
}

export interface Exchange {
  request: IncomingMessage
  response: ServerResponse
  upstreams: Upstreams
}

/**
 * Sends a request on and streams the answer back, with back-pressure both ways. When either side
 * goes away the other is told by a broken connection, never by a clean end.
 */
export async function carryForward(
  decision: ForwardDecision,
  exchange: Exchange,
): Promise<ForwardFailure | undefined> {
  const { request, response, upstreams } = exchange
  const gone = new AbortController()
  const leave = () => {
    if (!response.writableFinished) gone.abort()
  }
  response.once('close', leave)
  try {
    const answer = await upstreams.pool(decision.origin).request({
      method: decision.method as Dispatcher.HttpMethod,
      path: decision.path,
      headers: [...decision.headers, ...requestFraming(request)],
      body: hasBody(request) ? request : null,
      headersTimeout: decision.timeout * 1000,
      signal: gone.signal,
      responseHeaders: 'raw',
    })
    const upstreamHeaders = answer.headers as unknown as HeaderList
    response.writeHead(answer.statusCode, [
      ...decision.responseHeaders(upstreamHeaders),
      ...responseFraming(upstreamHeaders, request),
    ])
    await pipeline(answer.body, response)
    return undefined
  } catch (error) {
    return toFailure(error, response, gone.signal.aborted || request.errored !== null)
  } finally {
    response.off('close', leave)
  }
}

function hasBody(request: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers
  return coding !== undefined || (length !== undefined && length !== '0')
}

/** The length that node's parser has verified; a chunked body stays chunked. */
function requestFraming(request: IncomingMessage): HeaderList {
  const length = request.headers['content-length']
  return length === undefined ? [] : ['content-length', length]
}

function responseFraming(upstream: HeaderList, request: IncomingMessage): HeaderList {
  const framing: string[] = []
  for (let i = 0; i < upstream.length; i += 2) {
    if (upstream[i]?.toLowerCase() === 'content-length') {
      framing.push('content-length', upstream[i + 1] as string)
    }
  }
  if (hasBody(request) && !request.complete) framing.push('connection', 'close')
  return framing
}

const timeouts = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT'])
const malformed = /^(?:HPE_|UND_ERR_(?:HEADERS_OVERFLOW|RES_|INVALID_))/

function toFailure(
  error: unknown,
  response: ServerResponse,
  isClientGone: boolean,
): ForwardFailure {
  if (response.headersSent || isClientGone) {
    response.destroy()
    return { error }
  }
  const cause = error instanceof Error && 'code' in error ? String(error.code) : ''
  const code: ErrorCode = timeouts.has(cause)
    ? 'ERR_UPSTREAM_TIMEOUT'
    : malformed.test(cause)
      ? 'ERR_UPSTREAM_INVALID'
      : 'ERR_UPSTREAM_UNREACHABLE'
  return { error, code }
}
