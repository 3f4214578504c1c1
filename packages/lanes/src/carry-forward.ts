import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { ForwardDecision, HeaderList } from '@sallyport/bff'
import type { ErrorCode } from '@sallyport/core'
import { failureCode, isRefusal, retryAfter } from './failure-code.ts'
import { hasBody } from './request-body.ts'
import { type SentRequest, sendRequest, type UpstreamParts } from './send-request.ts'
import { writeRespond } from './write-respond.ts'

/** Why a request did not get its whole answer. */
export interface ForwardFailure {
  error: unknown
  /** Whether the upstream was not asked at all. */
  isRefusal?: boolean
  /** What to answer; absent when it is too late, or the client is the one who left. */
  code?: ErrorCode
  /** Seconds. */
  retryAfter?: number | undefined
}

/** The two ends between which a request is carried. */
export interface Exchange {
  request: IncomingMessage
  response: ServerResponse
  parts: UpstreamParts
}

/**
 * Sends a request on and streams the answer back, with back-pressure both ways. When either side
 * goes away the other is told by a broken connection, never by a clean end.
 */
export async function carryForward(
  decision: ForwardDecision,
  exchange: Exchange,
): Promise<ForwardFailure | undefined> {
  const { request, response, parts } = exchange
  const gone = new AbortController()
  const leave = () => {
    if (!response.writableFinished) gone.abort()
  }
  response.once('close', leave)
  let answer: SentRequest | undefined
  try {
    answer = await sendRequest(decision, request, { parts, signal: gone.signal })
    const { status, headers: upstreamHeaders } = answer
    const instead = decision.instead?.(status, upstreamHeaders)
    if (instead) {
      discard(answer)
      answer = undefined
      if (instead.kind === 'forward') return await carryForward(instead, exchange)
      writeRespond(instead, request, response)
      return undefined
    }
    response.writeHead(status, [
      ...decision.responseHeaders(upstreamHeaders),
      ...responseFraming(status, upstreamHeaders, request),
    ])
    // For HTTP/1.0 a connection that ends is an answer that is complete: only a reset is none.
    if (request.httpVersion === '1.0') {
      answer.body.once('error', () => response.socket?.resetAndDestroy())
    }
    await pipeline(answer.body, response)
    answer.end(true)
    return undefined
  } catch (error) {
    const known = answer ? answer.describe(error) : error
    answer?.end(false)
    return toFailure(known, response, gone.signal.aborted || request.errored !== null)
  } finally {
    response.off('close', leave)
  }
}

/** Most bytes, and milliseconds, that keeping a connection is worth. */
const longestDiscarded = 65_536
const discardMs = 1000

/** Reads the rest of an answer that nobody wants, for the connection's sake, or closes that. */
function discard(answer: SentRequest): void {
  const signal = AbortSignal.timeout(discardMs)
  answer.body.dump({ limit: longestDiscarded, signal }).then(
    () => answer.end(true),
    () => answer.end(false),
  )
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
  const code = failureCode(error)
  return { error, isRefusal: isRefusal(error), code, retryAfter: retryAfter(error) }
}
