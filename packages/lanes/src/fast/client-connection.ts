import type { Socket } from 'node:net'
import type {
  Bff,
  ClientAddress,
  Decision,
  ForwardDecision,
  RequestHead,
  RespondDecision,
} from '@sallyport/bff'
import { type Telemetry, withClientAddress } from '@sallyport/telemetry'
import { type CarriedExchange, carryExchange } from './carry-exchange.ts'
import { type HandOverReason, type PlainRequest, readRequest } from './request-reader.ts'
import type { UpstreamPool } from './upstream-pool.ts'
import { writeResponseHead } from './write-head.ts'

/** What the connections of a lane share. */
export interface ConnectionParts {
  readonly bff: Pick<Bff, 'decide'>
  /** Where a request came from, for the log. */
  readonly clientAddress: ClientAddress
  readonly telemetry: Telemetry
  readonly pool: UpstreamPool
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

/** Seconds that a connection may be idle; node's server says the same. */
const idleTime = 65
/** Seconds after which a head that is not complete is node's to wait for. */
const headPatience = 5
/** Seconds to take an answer after which nothing more is read. */
const closingTime = 2

/** The BFF's own endpoints; a path that only looks like one loses nothing but speed. */
const endpoint = /\/bff(?:[/?]|$)/

type Phase = 'reading' | 'deciding' | 'carrying' | 'closing' | 'over'

/** Serves a connection, one plain request after the other, until one is not plain. */
export function serveConnection(socket: Socket, parts: ConnectionParts): ClientConnection {
  const { bff, telemetry, pool, now } = parts
  const remoteAddress = socket.remoteAddress ?? ''
  let phase: Phase = 'reading'
  let since = now()
  let pending: Buffer | undefined
  let exchange: CarriedExchange | undefined
  let isLast = false
  let settled: (outcome: Outcome) => void = ignore

  function takeBytes(bytes: Buffer) {
    if (phase === 'reading') return read(bytes)
    if (phase === 'closing') return
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
      if (!pending) since = now()
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

  function decide(request: PlainRequest, all: Buffer): void {
    const { method, target, headers } = request
    const head = { method, target, headers, remoteAddress }
    phase = 'deciding'
    serve(head, () => {
      const startedAt = performance.now()
      const report = new Promise<Outcome>((resolve) => {
        settled = resolve
      }).then(({ route, status, isAborted }) => {
        const durationMs = Math.round(performance.now() - startedAt)
        const outcome = isAborted ? 'aborted' : 'sent'
        const fields = { method, route, durationMs, status, outcome, lane: 'fast' }
        telemetry.log.info(fields, 'request')
      })
      const decision = bff.decide(head)
      if (decision instanceof Promise) void decideLater(decision, request, all)
      else carry(decision, request, all)
      return report
    })
  }

  function serve(head: RequestHead, work: () => Promise<void>): void {
    withClientAddress(parts.clientAddress(head), () =>
      telemetry.serve(onlyValue(head.headers, 'traceparent'), head.method, work),
    )
  }

  async function decideLater(
    decision: Promise<Decision>,
    request: PlainRequest,
    all: Buffer,
  ): Promise<void> {
    carry(await decision, request, all)
  }

  function carry(decision: Decision, request: PlainRequest, all: Buffer) {
    const body = all.subarray(request.headLength)
    // A client that left while the decision was made: nothing is asked in its name any more.
    if (socket.destroyed) return settled({ route: 'refused', status: 0, isAborted: true })
    if (decision.kind === 'respond') {
      if (body.length < (request.bodyLength ?? 0) || decision.status === 400) isLast = true
      return respond(decision, request, 'refused')
    }
    // Asking again changes nothing: only the BFF's own endpoints do, and they are not asked here.
    if (decision.kind !== 'forward') {
      return giveAway(pending ? Buffer.concat([all, pending]) : all, 'decision')
    }
    phase = 'carrying'
    try {
      exchange = carryForward(decision, request, body)
      if (pending) takeBack()
    } catch (error) {
      telemetry.log.error({ error }, 'a request could not be carried')
      socket.destroy()
    }
  }

  function carryForward(
    decision: ForwardDecision,
    request: PlainRequest,
    body: Buffer,
  ): CarriedExchange {
    const { route } = decision
    return carryExchange(
      {
        ...{ decision, request, client: socket, pool, now },
        isLast: () => isLast || parts.isDraining(),
        done({ status = 0, error, answer }) {
          if (exchange && exchange.bodyLeft > 0) isLast = true
          exchange = undefined
          if (error) telemetry.log.warn({ error, route }, 'an upstream failed')
          if (answer) return respond(answer, request, route)
          settle({ route, status, isAborted: socket.destroyed })
        },
      },
      body,
    )
  }

  function respond(decision: RespondDecision, { method }: PlainRequest, route: string): void {
    const { status, headers } = decision
    const body = Buffer.from(decision.body)
    if (parts.isDraining()) isLast = true
    const ends = isLast ? 'connection: close\r\n' : ''
    const length = status === 204 ? '' : `content-length: ${body.length}\r\n`
    const head = writeResponseHead(status, headers, length + ends)
    socket.write(method === 'HEAD' ? head : head + body.toString('latin1'), 'latin1')
    settle({ route, status, isAborted: false })
  }

  /** The exchange is over: the next request, or the end. */
  function settle(outcome: Outcome) {
    settled(outcome)
    since = now()
    if (socket.destroyed) return
    if (isLast || parts.isDraining()) return close()
    phase = 'reading'
    if (pending) giveAway(pending, 'pipelined')
  }

  /** What a client still sends is not read as a request, and must not break what it is sent. */
  function close(): void {
    phase = 'closing'
    since = now()
    socket.resume()
    socket.end()
  }

  /** Who sends no more has left, as for node's server: an exchange under way is given up. */
  function clientEnded() {
    if (phase === 'reading') close()
    else socket.destroy()
  }

  function clientClosed(): void {
    phase = 'over'
    exchange?.abort()
  }

  const listeners = {
    data: takeBytes,
    end: clientEnded,
    drain: () => exchange?.clientDrained(),
    error: ignore,
    close: clientClosed,
  }
  for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener)

  return {
    sweep(time) {
      const waited = time - since
      if (phase === 'carrying') return exchange?.sweep(time)
      if (phase === 'reading' && pending && waited > headPatience) return giveAway(pending, 'slow')
      const patience = { reading: idleTime, closing: closingTime }[phase as string]
      if (patience !== undefined && waited > patience) socket.destroy()
    },

    drain() {
      if (phase === 'reading') close()
    },
  }
}

interface Outcome {
  route: string
  status: number
  isAborted: boolean
}

function ignore(): void {}

function onlyValue(headers: readonly string[], name: string): string | undefined {
  const at = headers.indexOf(name)
  return at < 0 || at % 2 === 1 || headers.indexOf(name, at + 1) >= 0 ? undefined : headers[at + 1]
}
