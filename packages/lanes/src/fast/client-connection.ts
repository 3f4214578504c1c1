import type { Socket } from 'node:net'
import type { Bff, ClientAddress, Decision, RespondDecision } from '@sallyport/bff'
import { type Counter, keepContext, type Telemetry, withClientAddress } from '@sallyport/telemetry'
import { type CarriedExchange, carryExchange } from './carry-exchange.ts'
import { createConnectionPatience } from './connection-patience.ts'
import { type HandOverReason, type PlainRequest, readRequest } from './request-reader.ts'
import { onlyValue, reportServed, type Serving } from './serving.ts'
import type { UpstreamPool } from './upstream-pool.ts'
import { writeResponseHead } from './write-head.ts'

/** What the connections of a lane share. */
export interface ConnectionParts {
  readonly bff: Pick<Bff, 'decide'>
  /** Where a request came from, for the log. */
  readonly clientAddress: ClientAddress
  readonly telemetry: Telemetry
  readonly pool: UpstreamPool
  /** Requests that this lane answered. */
  readonly carried: Counter
  /** Seconds, to about one. */
  readonly now: () => number
  /** Whether connections are to end after the exchange under way. */
  readonly isDraining: () => boolean
  /** Gives the connection away, with all bytes that were not answered. */
  readonly handOver: (socket: Socket, bytes: Buffer, reason: HandOverReason) => void
}

/** A client's connection while the fast lane has it. */
export interface ClientConnection {
  /** Ends what takes too long. */
  sweep(now: number): void
  /** Ends it now if no exchange is under way, else after that. */
  drain(): void
}

/** The BFF's own endpoints; a path that only looks like one loses nothing but speed. */
const endpoint = /\/bff(?:[/?]|$)/

type Phase = 'reading' | 'deciding' | 'carrying' | 'closing' | 'over'

/** Serves a connection, one plain request after the other, until one is not plain. */
export function serveConnection(socket: Socket, parts: ConnectionParts): ClientConnection {
  const { bff, telemetry, pool, now } = parts
  const { log } = telemetry
  const remoteAddress = socket.remoteAddress ?? ''
  const patience = createConnectionPatience(socket, now)
  let phase: Phase = 'reading'
  let pending: Buffer | undefined
  let exchange: CarriedExchange | undefined
  let isLast = false

  function takeBytes(bytes: Buffer) {
    if (phase === 'reading') return read(bytes)
    if (phase === 'closing') return patience.received()
    const wanted = exchange?.bodyLeft ?? 0
    if (wanted > 0) exchange?.sendBody(bytes.length > wanted ? bytes.subarray(0, wanted) : bytes)
    if (bytes.length > wanted) keep(bytes.subarray(wanted))
  }

  /** What comes too early waits, here and in the kernel. */
  function keep(bytes: Buffer): void {
    pending = pending ? Buffer.concat([pending, bytes]) : bytes
    socket.pause()
  }

  /** What came while the decision was made. */
  function takeBack(): void {
    const bytes = pending as Buffer
    pending = undefined
    socket.resume()
    takeBytes(bytes)
  }

  function read(bytes: Buffer) {
    const all = pending ? Buffer.concat([pending, bytes]) : bytes
    const request = readRequest(all)
    if (request.kind === 'incomplete') {
      if (!pending) patience.begin()
      pending = all
      return
    }
    if (request.kind === 'other') return giveAway(all, request.reason)
    const surplus = all.length - request.headLength - (request.bodyLength ?? 0)
    if (surplus > 0) return giveAway(all, 'pipelined')
    if (endpoint.test(request.target)) return giveAway(all, 'endpoint')
    pending = undefined
    isLast = request.isLast
    decide(request, all)
  }

  function giveAway(bytes: Buffer, reason: HandOverReason): void {
    phase = 'over'
    for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener)
    parts.handOver(socket, bytes, reason)
  }

  function decide(request: PlainRequest, bytes: Buffer): void {
    const { method, target, headers } = request
    const head = { method, target, headers, remoteAddress }
    phase = 'deciding'
    const startedAtMs = performance.now()
    withClientAddress(parts.clientAddress(head), () =>
      telemetry.serve(onlyValue(headers, 'traceparent'), method, () => {
        const serving = { request, bytes, startedAtMs, inContext: keepContext() }
        const decision = bff.decide(head)
        if (!(decision instanceof Promise)) return carry(decision, serving)
        decision.then((later) => carry(later, serving)).catch(giveUp)
      }),
    )
  }

  /** Nothing is known about what the client has been sent, so it is sent nothing more. */
  function giveUp(error: unknown): void {
    log.error({ error }, 'a request could not be carried')
    socket.destroy()
  }

  function carry(decision: Decision, serving: Serving) {
    const { request, bytes } = serving
    // A client that left while the decision was made: nothing is asked in its name any more.
    if (socket.destroyed) return settle(serving, { route: 'refused', status: 0 })
    if (decision.kind === 'respond') {
      const isWhole = bytes.length === request.headLength + (request.bodyLength ?? 0)
      // After a request that was read in doubt, nothing that follows is believed to be a request.
      if (!isWhole || decision.status === 400) isLast = true
      return respond(decision, serving, 'refused')
    }
    // Asking again changes nothing: only the BFF's own endpoints do, and they are not asked here.
    if (decision.kind !== 'forward') {
      return giveAway(pending ? Buffer.concat([bytes, pending]) : bytes, 'decision')
    }
    phase = 'carrying'
    const { route } = decision
    try {
      exchange = carryExchange(
        {
          ...{ decision, request, client: socket, pool, now, inContext: serving.inContext },
          isLast: () => isLast || parts.isDraining(),
          done({ status = 0, error, answer, isLast: isTheLast }) {
            if (isTheLast) isLast = true
            exchange = undefined
            if (error) serving.inContext(() => log.warn({ error, route }, 'an upstream failed'))
            if (answer) return respond(answer, serving, route)
            settle(serving, { route, status })
          },
        },
        bytes.subarray(request.headLength),
      )
      if (pending) takeBack()
    } catch (error) {
      giveUp(error)
    }
  }

  function respond(decision: RespondDecision, serving: Serving, route: string) {
    const { status, headers, body } = decision
    if (parts.isDraining()) isLast = true
    try {
      const ends = isLast ? 'connection: close\r\n' : ''
      const length = status === 204 ? '' : `content-length: ${Buffer.byteLength(body)}\r\n`
      const head = writeResponseHead(status, headers, length + ends)
      const text = serving.request.method === 'HEAD' ? '' : Buffer.from(body).toString('latin1')
      socket.write(head + text, 'latin1')
    } catch (error) {
      return giveUp(error)
    }
    settle(serving, { route, status })
  }

  /** The exchange is over: the next request, or the end. */
  function settle(serving: Serving, fields: { route: string; status: number }) {
    parts.carried.add()
    reportServed(log, serving, { ...fields, outcome: socket.destroyed ? 'aborted' : 'sent' })
    patience.begin()
    if (socket.destroyed) return
    if (isLast || parts.isDraining()) return close()
    phase = 'reading'
    if (pending) return giveAway(pending, 'pipelined')
    // Who does not take its answers asks nothing more: they would pile up here.
    if (socket.writableNeedDrain) socket.pause()
  }

  /** What a client still sends is not read as a request, and must not break what it is sent. */
  function close(): void {
    phase = 'closing'
    patience.begin()
    socket.resume()
    socket.end()
  }

  /** Who sends no more has left, as for node's server: an exchange under way is given up. */
  function clientEnded() {
    if (phase === 'reading') close()
    else if (phase !== 'closing') socket.destroy()
  }

  function clientClosed(): void {
    phase = 'over'
    exchange?.abort()
  }

  function clientDrained(): void {
    if (exchange) exchange.clientDrained()
    else if (phase === 'reading') socket.resume()
  }

  const listeners = {
    data: takeBytes,
    end: clientEnded,
    drain: clientDrained,
    error: ignore,
    close: clientClosed,
  }
  for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener)

  return {
    sweep(time) {
      if (phase === 'carrying') return exchange?.sweep(time)
      if (phase !== 'reading' && phase !== 'closing') return
      if (phase === 'reading' && pending && patience.isHeadLate(time)) {
        return giveAway(pending, 'slow')
      }
      if (patience.isOver(time, phase)) socket.destroy()
    },

    drain() {
      if (phase === 'reading') close()
    },
  }
}

function ignore(): void {}
