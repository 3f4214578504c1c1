import type { Socket } from 'node:net'
import type { ForwardDecision, RespondDecision } from '@sallyport/bff'
import { failureCode, isRefusal, retryAfter } from '../failure-code.ts'
import { UpstreamTimeout } from '../upstreams/upstream-timeout.ts'
import type { PlainRequest } from './request-reader.ts'
import type { ResponseHead } from './response-reader.ts'
import type { UpstreamConnection, UpstreamExchange } from './upstream-connection.ts'
import type { UpstreamPool } from './upstream-pool.ts'
import { writeRequestHead, writeResponseHead } from './write-head.ts'

/** What one exchange is made of. */
export interface ExchangeParts {
  readonly decision: ForwardDecision
  readonly request: PlainRequest
  readonly client: Socket
  readonly pool: UpstreamPool
  /** Seconds, to about one. */
  readonly now: () => number
  /** Whether the client's connection is to end after this, whatever else happens. */
  readonly isLast: () => boolean
  /**
   * The exchange is over.
   *
   * @param answer what the client is to get; nothing has been sent to it then.
   */
  readonly done: (outcome: { status?: number; error?: unknown; answer?: RespondDecision }) => void
}

/** One request on its way to an upstream, and its response on the way back. */
export interface CarriedExchange {
  /** Bytes of the request's body that have not come from the client yet. */
  readonly bodyLeft: number
  /** More of the body, at most `bodyLeft`. Pauses the client while the upstream is slower. */
  sendBody(bytes: Buffer): void
  /** The client has taken what was written. */
  clientDrained(): void
  /** The client has left: the upstream is told by a broken connection. */
  abort(): void
  /** Ends it when a side has been silent for too long. */
  sweep(now: number): void
}

/** Seconds in which a client has to take, or send, something. */
const clientPatience = 60
/** Bytes up to which copying a body next to its head is cheaper than a write of its own. */
const smallBody = 16 * 1024

/**
 * Sends a request on and relays the response, with back-pressure both ways and all framing written
 * anew. The connection goes back to its pool after a whole exchange only.
 *
 * @param body what of the body came with the head.
 */
export function carryExchange(parts: ExchangeParts, body: Buffer): CarriedExchange {
  const { request, client, pool, now } = parts
  let { decision } = parts
  let bodyLeft = (request.bodyLength ?? 0) - body.length
  let status: number | undefined
  let isChunked = false
  let hasStarted = false
  let isOver = false
  let isBodyWhole = true
  let isClientSlow = false
  let movedAt = now()
  /** What to do in place of passing on the answer that is coming. */
  let instead: RespondDecision | ForwardDecision | undefined
  /** Written in one go, when all that came at once has been read. */
  let out = ''

  function write(bytes: Buffer | string): void {
    hasStarted = true
    const isTaken = typeof bytes === 'string' ? client.write(bytes, 'latin1') : client.write(bytes)
    if (isTaken || isClientSlow) return
    isClientSlow = true
    upstream.pause()
  }

  function flush(): void {
    if (out === '') return
    const text = out
    out = ''
    write(text)
  }

  function finish(outcome: Parameters<ExchangeParts['done']>[0]): void {
    isOver = true
    parts.done(status === undefined ? outcome : { status, ...outcome })
  }

  function fail(error: unknown) {
    if (hasStarted) {
      client.resetAndDestroy()
      return finish({ error })
    }
    const isUploading = bodyLeft > 0
    const next = pool.again(upstream, { error, request, isBodyWhole, isUploading })
    if (next) {
      upstream = next
      return start()
    }
    out = ''
    status = undefined
    const answer = decision.answerFailure(failureCode(error), retryAfter(error))
    finish(isRefusal(error) ? { answer } : { error, answer })
  }

  function giveBack(isReusable: boolean): void {
    if (isReusable && bodyLeft === 0) pool.release(upstream)
    else upstream.destroy()
  }

  /** Unless it came whole, an answer that nobody wants costs its connection. */
  function leaveAnswer(next: RespondDecision | ForwardDecision, isReusable: boolean) {
    giveBack(isReusable)
    instead = undefined
    if (next.kind === 'respond') return finish({ answer: next })
    decision = next
    upstream = pool.take(decision, request)
    start()
  }

  function start(): void {
    const { method, path, headers } = decision
    movedAt = now()
    if (bodyLeft > 0) pool.hold(upstream, client)
    const { bodyLength } = request
    const head = writeRequestHead(method, path, { headers, bodyLength })
    upstream.start(exchange, head + body.toString('latin1'))
  }

  const exchange: UpstreamExchange = {
    method: request.method,

    head(head) {
      movedAt = now()
      pool.answered(upstream, head.status)
      instead = decision.instead?.(head.status, head.headers)
      if (instead) return
      status = head.status
      isChunked = typeof head.framing === 'string'
      const ends = parts.isLast() || bodyLeft > 0 ? 'connection: close\r\n' : ''
      const framing = `${isChunked ? 'transfer-encoding: chunked\r\n' : lengthLine(head)}${ends}`
      out = writeResponseHead(status, decision.responseHeaders(head.headers), framing)
    },

    data(bytes) {
      movedAt = now()
      if (instead) return
      if (isChunked) out += `${bytes.length.toString(16)}\r\n`
      if (bytes.length <= smallBody) {
        out += bytes.toString('latin1')
      } else {
        client.cork()
        flush()
        write(bytes)
        client.uncork()
      }
      if (isChunked) out += '\r\n'
    },

    pushed() {
      if (instead) leaveAnswer(instead, false)
      else flush()
    },

    end(isReusable) {
      if (instead) return leaveAnswer(instead, isReusable)
      if (isChunked) out += '0\r\n\r\n'
      flush()
      giveBack(isReusable)
      finish({})
    },

    fail,

    drained() {
      movedAt = now()
      client.resume()
    },
  }

  let upstream: UpstreamConnection = pool.take(decision, request)
  start()

  return {
    get bodyLeft() {
      return bodyLeft
    },

    sendBody(bytes) {
      movedAt = now()
      bodyLeft -= bytes.length
      isBodyWhole = false
      if (!upstream.write(bytes)) client.pause()
    },

    clientDrained() {
      if (!isClientSlow) return
      movedAt = now()
      isClientSlow = false
      upstream.resume()
    },

    abort() {
      if (isOver) return
      upstream.destroy()
      finish({})
    },

    sweep(time) {
      const silent = time - movedAt
      if (status === undefined && bodyLeft === 0) {
        if (silent > decision.timeout) {
          upstream.destroy()
          fail(new UpstreamTimeout('headers'))
        }
        return
      }
      const isClientsTurn = isClientSlow || bodyLeft > 0
      if (silent > (isClientsTurn ? clientPatience : decision.upstream.timeouts.idle)) {
        upstream.destroy()
        client.resetAndDestroy()
        const slow = new Error('the client fell silent')
        finish({ error: isClientsTurn ? slow : new UpstreamTimeout('body') })
      }
    },
  }
}

/** An answer without a body still says how long one would be; a 204 may not (RFC 9110 8.6). */
function lengthLine({ framing, status, headers }: ResponseHead): string {
  if (status === 204) return ''
  if (typeof framing === 'object' && framing.length > 0) {
    return `content-length: ${framing.length}\r\n`
  }
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]?.toLowerCase() === 'content-length')
      return `content-length: ${headers[i + 1]}\r\n`
  }
  return ''
}
