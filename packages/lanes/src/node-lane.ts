import { AsyncResource } from 'node:async_hooks'
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type Bff,
  type ClientAddress,
  createClientAddress,
  type Decision,
  isNavigation,
  type PassDecision,
  type RequestHead,
  respondError,
} from '@sallyport/bff'
import { type Telemetry, withClientAddress } from '@sallyport/telemetry'
import { carryForward } from './carry-forward.ts'
import { carryStream } from './carry-stream.ts'
import { carriedRequests } from './counter-names.ts'
import { readBody } from './request-body.ts'
import { createNodeConnections } from './upstreams/node-connections.ts'
import type { Upstreams } from './upstreams.ts'
import { writeRespond } from './write-respond.ts'

/** Answers a request that is not the BFF's. */
export type PassHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  decision: PassDecision,
) => void

export interface NodeLaneOptions {
  /** One BFF, or many that decide as one. */
  bff: Pick<Bff, 'decide'>
  telemetry: Telemetry
  /** Shared with the other lanes. */
  upstreams: Upstreams
  /** Answers what the BFF passes on: static files, the application's own pages. */
  pass: PassHandler
  /**
   * Who a request comes from, for the log: what `bff` has.
   * @defaultValue the peer's address
   */
  clientAddress?: ClientAddress | undefined
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
  const { bff, telemetry, upstreams, pass, clientAddress = createClientAddress() } = options
  const { log } = telemetry
  const connections = createNodeConnections()
  const carried = telemetry.counter(carriedRequests, { lane: 'node' })

  async function carry(
    head: RequestHead,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    // Node's parser also reads a head without a version, as HTTP/0.9, and one that says 2.0.
    if (!/^1\.[01]$/.test(request.httpVersion)) {
      return writeRespond(respondError(head, 'ERR_REQUEST_INVALID'), request, response)
    }
    const startedAt = performance.now()
    const decision = await bff.decide(head)
    const report = () => {
      const durationMs = Math.round(performance.now() - startedAt)
      const fields = { method: head.method, route: routeName(decision, request), durationMs }
      carried.add()
      const outcome = response.writableFinished ? 'sent' : 'aborted'
      log.info({ ...fields, status: response.statusCode, outcome, lane: 'node' }, 'request')
    }
    // A client that left while the decision was made: nothing is asked in its name any more.
    if (response.destroyed) return report()
    // A socket that breaks tells it outside of the request: the line would have no trace.
    response.once('close', AsyncResource.bind(report))
    if (decision.kind === 'pass') return pass(request, response, decision)
    if (decision.kind === 'respond') return writeRespond(decision, request, response)
    if (decision.kind === 'stream') return carryStream(decision, response)
    if (decision.kind === 'read') {
      const body = await readBody(request, decision.limit)
      const answer =
        body === undefined ? respondError(head, 'ERR_BODY_TOO_LARGE') : await decision.decide(body)
      return writeRespond(answer, request, response)
    }
    const failure = await carryForward(decision, {
      ...{ request, response },
      parts: { upstreams, connections },
    })
    if (!failure) return
    const { error, code, retryAfter } = failure
    if (!failure.isRefusal) log.warn({ error, route: decision.route }, 'an upstream failed')
    if (code) writeRespond(decision.answerFailure(code, retryAfter), request, response)
  }

  return {
    handle(request, response) {
      const head = toRequestHead(request)
      const work = () =>
        carry(head, request, response).catch((error) => {
          log.error({ error }, 'a request could not be carried')
          response.destroy()
        })
      withClientAddress(clientAddress(head), () =>
        telemetry.serve(request.headers.traceparent, request.method ?? 'HTTP', work),
      )
    },

    close: () => connections.close(),
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

function routeName(decision: Decision, request: IncomingMessage): string {
  if (decision.kind === 'forward') return decision.route
  if (decision.kind === 'pass') return isNavigation(request.rawHeaders) ? 'page' : 'file'
  return /^(?:\/[a-z0-9-]+)*?\/bff\//.test(request.url ?? '') ? '/bff/*' : 'refused'
}
