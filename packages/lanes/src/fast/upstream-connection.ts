import type { Socket } from 'node:net'
import { ResponseFault } from './response-fault.ts'
import { createResponseReader, type ResponseReader, type ResponseSink } from './response-reader.ts'

/** One request to send, and where its response goes. */
export interface UpstreamExchange extends ResponseSink {
  readonly method: string
  /**
   * The response is complete.
   *
   * @param isReusable whether the connection may carry another one. Who owns the exchange knows
   *   whether the request is complete too, and releases or destroys it.
   */
  end(isReusable: boolean): void
  /** The response cannot be had, or not to its end. Nothing is called after it. */
  fail(error: unknown): void
  /** All that came at once was given on, and the response is not complete. */
  pushed(): void
  /** What was written has left, so more may be sent. */
  drained(): void
}

/** A connection to an upstream: one exchange at a time. */
export interface UpstreamConnection {
  /**
   * Begins an exchange on a connection that has none.
   *
   * @param opening the request head and what of its body is there already; a character a byte.
   */
  start(exchange: UpstreamExchange, opening: string): void
  /** More of the request's body. @returns whether more may be sent at once. */
  write(bytes: Buffer): boolean
  /** Reads no more until `resume`, so that a slow client slows the upstream down. */
  pause(): void
  resume(): void
  /** Ends it. An exchange under way hears nothing more. */
  destroy(): void
  /** Seconds that the upstream keeps it when idle, if it said so. */
  readonly keepAlive: number | undefined
  /** Whether the present exchange is its first. */
  readonly isFresh: boolean
  /** Whether a byte of the present response has come. */
  readonly hasBegun: boolean
  /** Whether all that was written has left: what has not would be the beginning of the next request. */
  readonly isSent: boolean
}

/**
 * Wraps a socket that is connected, or connecting. Bytes that come while no exchange is under way
 * answer nothing that was asked, and end the connection (CVE-2026-48931).
 *
 * @param onClosed called once, when the connection is gone.
 */
export function createUpstreamConnection(
  socket: Socket,
  onClosed: (connection: UpstreamConnection) => void,
): UpstreamConnection {
  let exchange: UpstreamExchange | undefined
  let reader: ResponseReader | undefined
  let exchanges = 0
  let keepAlive: number | undefined

  let isGone = false

  /** At once, not when the socket has closed: nobody may take it meanwhile. */
  function leave(): void {
    socket.destroy()
    if (isGone) return
    isGone = true
    onClosed(connection)
  }

  function fail(error: unknown): void {
    const failed = exchange
    exchange = undefined
    leave()
    failed?.fail(error)
  }

  function finish(isReusable: boolean): void {
    const done = exchange
    keepAlive = reader?.head?.keepAlive
    exchange = undefined
    reader = undefined
    // Idle, it must hear what comes unasked, and its end; and the next exchange is not this client's.
    if (socket.isPaused()) socket.resume()
    done?.end(isReusable)
  }

  socket.on('data', (bytes: Buffer) => {
    if (!exchange || !reader) return leave()
    try {
      const surplus = reader.push(bytes)
      if (surplus === undefined) exchange?.pushed()
      else finish(surplus === 0 && reader.head?.isReusable === true)
    } catch (error) {
      fail(error)
    }
  })
  socket.on('drain', () => exchange?.drained())
  socket.on('end', () => {
    if (exchange && reader?.endsByClose) finish(false)
    else fail(closed(reader))
  })
  socket.on('error', fail)
  socket.on('close', () => fail(closed(reader)))

  const connection: UpstreamConnection = {
    start(next, opening) {
      exchanges += 1
      exchange = next
      reader = createResponseReader(next.method, next)
      socket.write(opening, 'latin1')
    },

    write: (bytes) => socket.write(bytes),
    pause: () => socket.pause(),
    resume: () => socket.resume(),

    destroy() {
      exchange = undefined
      leave()
    },

    get keepAlive() {
      return keepAlive
    },
    get isFresh() {
      return exchanges <= 1
    },
    get hasBegun() {
      return reader?.hasBegun ?? false
    },
    get isSent() {
      return socket.writableLength === 0
    },
  }
  return connection
}

/** Within a response it is a response that is cut off; before, it is an upstream that is not there. */
function closed(reader: ResponseReader | undefined): Error {
  const problem = 'the upstream closed the connection'
  return reader?.hasBegun ? new ResponseFault(problem) : new Error(problem)
}
