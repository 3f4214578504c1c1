import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ForwardDecision, HeaderList } from '@sallyport/bff'
import type { ErrorCode } from '@sallyport/core'
import type { Dispatcher } from 'undici'
import { failureCode } from './failure-code.ts'
import { hasBody } from './request-body.ts'
import type { Upstreams } from './upstreams.ts'
import { writeRespond } from './write-respond.ts'

/** Why a request did not get its whole answer. */
export interface ForwardFailure {
  error: unknown
  /** What to answer; absent when it is too late, or the client is the one who left. */
  code?: ErrorCode
}

/** The two ends between which a request is carried. */
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
      body: hasBody(request) ? streamBody(request) : null,
      headersTimeout: decision.timeout * 1000,
      signal: gone.signal,
      responseHeaders: 'raw',
    })
    const upstreamHeaders = answer.headers as unknown as HeaderList
    const instead = decision.instead?.(answer.statusCode, upstreamHeaders)
    if (instead) {
      discard(answer.body)
      if (instead.kind === 'forward') return await carryForward(instead, exchange)
      writeRespond(instead, request, response)
      return undefined
    }
    response.writeHead(answer.statusCode, [
      ...decision.responseHeaders(upstreamHeaders),
      ...responseFraming(answer.statusCode, upstreamHeaders, request),
    ])
    // For HTTP/1.0 a connection that ends is an answer that is complete: only a reset is none.
    if (request.httpVersion === '1.0') {
      answer.body.once('error', () => response.socket?.resetAndDestroy())
    }
    await pipeline(answer.body, response)
    return undefined
  } catch (error) {
    return toFailure(error, response, gone.signal.aborted || request.errored !== null)
  } finally {
    response.off('close', leave)
  }
}

/**
 * The body without its stream: undici destroys a stream on failure, and the client's socket would
 * go with it before it got an answer. Any async iterable will do, which only the types deny.
 */
function streamBody(request: IncomingMessage): Readable {
  return request.iterator({ destroyOnReturn: false }) as unknown as Readable
}

/** Most bytes, and milliseconds, that keeping a connection is worth. */
const longestDiscarded = 65_536
const discardMs = 1000

/** Reads the rest of an answer that nobody wants, for the connection's sake, or closes that. */
function discard(body: Dispatcher.ResponseData['body']): void {
  const signal = AbortSignal.timeout(discardMs)
  body.dump({ limit: longestDiscarded, signal }).catch(() => undefined)
}

/** The length that node's parser has verified; a chunked body stays chunked. */
function requestFraming(request: IncomingMessage): HeaderList {
  const length = request.headers['content-length']
  return length === undefined ? [] : ['content-length', length]
}

function responseFraming(
  status: number,
  upstream: HeaderList,
  request: IncomingMessage,
): HeaderList {
  const framing: string[] = []
  for (let i = 0; i < upstream.length; i += 2) {
    // A 204 has no length (RFC 9110 section 8.6): who believed one would wait for a body.
    if (status !== 204 && upstream[i]?.toLowerCase() === 'content-length') {
      framing.push('content-length', upstream[i + 1] as string)
    }
  }
  if (hasBody(request) && !request.complete) framing.push('connection', 'close')
  return framing
}

function toFailure(
  error: unknown,
  response: ServerResponse,
  isClientGone: boolean,
): ForwardFailure {
  if (response.headersSent || isClientGone) {
    response.destroy()
    return { error }
  }
  return { error, code: failureCode(error) }
}
