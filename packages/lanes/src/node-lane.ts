import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type Bff,
  type Decision,
  isNavigation,
  type RequestHead,
  type RespondDecision,
  respondError,
} from '@sallyport/bff'
import type { Telemetry } from '@sallyport/telemetry'
import { carryForward } from './carry-forward.ts'
import { readBody } from './read-body.ts'
import { createUpstreams } from './upstreams.ts'

/** A request that is not the BFF's, with its canonical path. */
export type PassHandler = (request: IncomingMessage, response: ServerResponse, path: string) => void

export interface NodeLaneOptions {
  bff: Bff
  telemetry: Telemetry
  /** Answers what the BFF passes on: static files, the application's own pages. */
  pass: PassHandler
}

/** The lane that carries everything, over node:http and undici. */
export interface NodeLane {
  /** A `request` listener for `http.createServer`. */
  handle(request: IncomingMessage, response: ServerResponse): void
  /** Drops the connections to upstreams. */
  close(): Promise<void>
}

/** Creates the node lane. It adds no rule to the BFF's decisions and skips none. */
export function createNodeLane(options: NodeLaneOptions): NodeLane {
  const { bff, telemetry, pass } = options
  const { log } = telemetry
  const upstreams = createUpstreams()

  async function carry(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const head = toRequestHead(request)
    // Node's parser also reads a head without a version, as HTTP/0.9, and one that says 2.0.
    if (!/^1\.[01]$/.test(request.httpVersion)) {
      return writeRespond(respondError(head, 'ERR_REQUEST_INVALID'), request, response)
    }
    const startedAt = performance.now()
    const decision = await bff.decide(head)
    const report = () => {
      const durationMs = Math.round(performance.now() - startedAt)
      const fields = { method: head.method, route: routeName(decision, request), durationMs }
      const outcome = response.writableFinished ? 'sent' : 'aborted'
      log.info({ ...fields, status: response.statusCode, outcome, lane: 'node' }, 'request')
    }
    // A client that left while the decision was made: nothing is asked in its name any more.
    if (response.destroyed) return report()
    response.once('close', report)
    if (decision.kind === 'pass') return pass(request, response, decision.path)
    if (decision.kind === 'respond') return writeRespond(decision, request, response)
    if (decision.kind === 'read') {
      const body = await readBody(request, decision.limit)
      const answer =
        body === undefined ? respondError(head, 'ERR_BODY_TOO_LARGE') : await decision.decide(body)
      return writeRespond(answer, request, response)
    }
    const failure = await carryForward(decision, { request, response, upstreams })
    if (!failure) return
    log.warn({ error: failure.error, route: decision.route }, 'an upstream failed')
    if (failure.code) writeRespond(respondError(head, failure.code), request, response)
  }

  return {
    handle(request, response) {
      const traceparent = request.headers.traceparent
      const incoming = typeof traceparent === 'string' ? traceparent : undefined
      telemetry.serve(incoming, request.method ?? 'HTTP', () =>
        carry(request, response).catch((error) => {
          log.error({ error }, 'a request could not be carried')
          response.destroy()
        }),
      )
    },

    close: () => upstreams.close(),
  }
}

function toRequestHead(request: IncomingMessage): RequestHead {
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    headers: request.rawHeaders,
    remoteAddress: request.socket.remoteAddress ?? '',
  }
}

/** Writes an answer whole. A body that nobody reads ends the connection, not up as a request. */
function writeRespond(
  decision: RespondDecision,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { status, headers, body } = decision
  const length = String(Buffer.byteLength(body))
  const framing = ['content-length', length, ...(request.complete ? [] : connectionClose(request))]
  response.writeHead(status, [...headers, ...framing])
  response.end(request.method === 'HEAD' ? undefined : body)
}

function connectionClose(request: IncomingMessage): string[] {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers
  const hasBody = coding !== undefined || (length !== undefined && length !== '0')
  return hasBody ? ['connection', 'close'] : []
}

function routeName(decision: Decision, request: IncomingMessage): string {
  if (decision.kind === 'forward') return decision.route
  if (decision.kind === 'pass') return isNavigation(request.rawHeaders) ? 'page' : 'file'
  return (request.url ?? '').startsWith('/bff/') ? '/bff/*' : 'refused'
}
