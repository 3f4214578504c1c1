import type { Socket } from 'node:net'
import type { ForwardDecision, RespondDecision } from '@sallyport/bff'
import { failureCode, isRefusal, retryAfter } from '../failure-code.ts'
import { UpstreamTimeout } from '../upstreams/upstream-timeout.ts'
import { createExchangePatience } from './exchange-patience.ts'
import type { PlainRequest } from './request-reader.ts'
import type { UpstreamConnection, UpstreamExchange } from './upstream-connection.ts'
import type { UpstreamPool } from './upstream-pool.ts'
import { lengthLine, writeRequestHead, writeResponseHead } from './write-head.ts'

/** How an exchange ended. */
export interface ExchangeOutcome {
  /** What the client was sent; absent when nothing was. */
  readonly status?: number
  readonly error?: unknown
  /** What the client is to get; nothing has been sent to it then. */
  readonly answer?: RespondDecision
  /** Whether the connection can carry no other request: it was said, or a body did not come whole. */
  readonly isLast: boolean
}

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
  /** Runs work in the trace of the request: an upstream's connection belongs to an older one. */
  readonly inContext: <T>(work: () => T) => T
  /** The exchange is over. */
  readonly done: (outcome: ExchangeOutcome) => void
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
  const { request, client, pool, inContext } = parts
  const patience = createExchangePatience(parts.now)
  let { decision } = parts
  let bodyLeft = (request.bodyLength ?? 0) - body.length
  let status: number | undefined
  let isChunked = false
  let hasStarted = false
  let saysLast = false
  let isOver = false
  let isBodyWhole = true
  let isClientSlow = false
  let isUpstreamSlow = false
  /** What to do in place of passing on the answer that is coming. */
  let instead: RespondDecision | ForwardDecision | undefined
  /** Written in one go, when all that came at once has been read. */
  let out = ''

  /** The client as the sender of a body, which has to wait while the upstream takes no more. */
  const sender = {
    pause() {
      isUpstreamSlow = true
      client.pause()
    },
    resume() {
      if (!isUpstreamSlow) return
      isUpstreamSlow = false
      client.resume()
    },
  }

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

  function finish(outcome: Omit<ExchangeOutcome, 'isLast'>): void {
    isOver = true
    // Whoever the upstream was too slow for: its next request is for somebody else.
    sender.resume()
    const isLast = saysLast || bodyLeft > 0
    const over = { ...outcome, isLast, ...(hasStarted && status !== undefined && { status }) }
    parts.done(over)
  }

  function fail(error: unknown) {
    if (isOver) return
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
    const answer = inContext(() => decision.answerFailure(failureCode(error), retryAfter(error)))
    finish(isRefusal(error) ? { answer } : { error, answer })
  }

  function giveBack(isReusable: boolean): void {
    if (isReusable && bodyLeft === 0 && upstream.isSent) pool.release(upstream)
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
    patience.moved()
    if (bodyLeft > 0) pool.hold(upstream, sender)
    const { bodyLength } = request
    const head = writeRequestHead(method, path, { headers, bodyLength })
    upstream.start(exchange, body.length === 0 ? head : head + body.toString('latin1'))
  }

  const exchange: UpstreamExchange = {
    method: request.method,

    head(head) {
      patience.moved()
      pool.answered(upstream, head.status)
      const look = () => decision.instead?.(head.status, head.headers)
      // What is no failure is passed on by all of them, and nothing is logged or traced.
      instead = head.status < 400 ? look() : inContext(look)
      if (instead) return
      status = head.status
      isChunked = typeof head.framing === 'string'
      saysLast = parts.isLast() || bodyLeft > 0
      const ends = saysLast ? 'connection: close\r\n' : ''
      const framing = `${isChunked ? 'transfer-encoding: chunked\r\n' : lengthLine(head)}${ends}`
      out = writeResponseHead(status, decision.responseHeaders(head.headers), framing)
    },

    data(bytes) {
      patience.moved()
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
      patience.moved()
      sender.resume()
    },
  }

  let upstream: UpstreamConnection = pool.take(decision, request)
  start()

  function state(): Parameters<typeof patience.problem>[1] {
    const isSending = bodyLeft > 0 && !isUpstreamSlow
    if (isClientSlow || isSending) return { turn: 'client', limit: clientPatience, isSending }
    const limit = status === undefined ? decision.timeout : decision.upstream.timeouts.idle
    return { turn: 'upstream', limit, isSending }
  }

  return {
    get bodyLeft() {
      return bodyLeft
    },

    sendBody(bytes) {
      patience.received(bytes.length)
      bodyLeft -= bytes.length
      isBodyWhole = false
      if (!upstream.write(bytes)) sender.pause()
    },

    clientDrained() {
      if (!isClientSlow) return
      patience.moved()
      isClientSlow = false
      upstream.resume()
    },

    abort() {
      if (isOver) return
      upstream.destroy()
      finish({})
    },

    sweep(time) {
      const present = state()
      const problem = patience.problem(time, present)
      if (!problem) return
      upstream.destroy()
      if (present.turn === 'upstream') {
        return fail(new UpstreamTimeout(status === undefined ? 'headers' : 'body'))
      }
      client.resetAndDestroy()
      finish({ error: new Error(problem) })
    },
  }
}
