import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { type Bff, type ClientAddress, createClientAddress } from '@sallyport/bff'
import { type Counter, outsideOfRequests, type Telemetry } from '@sallyport/telemetry'
import { carriedRequests, handOvers } from '../counter-names.ts'
import type { Upstreams } from '../upstreams.ts'
import { type ClientConnection, serveConnection } from './client-connection.ts'
import { type HandOverReason, handOverReasons } from './request-reader.ts'
import { createUpstreamPool } from './upstream-pool.ts'

export interface FastLaneOptions {
  /** One BFF, or many that decide as one. */
  bff: Pick<Bff, 'decide'>
  telemetry: Telemetry
  /** Shared with the other lanes. */
  upstreams: Upstreams
  /** @defaultValue the peer's address */
  clientAddress?: ClientAddress | undefined
}

/** The lane that carries plain requests over bare sockets, and nothing else. */
export interface FastLane {
  /** Ends idle connections, and each other one after the exchange that is under way. */
  drain(): void
  /** Drops all connections. */
  close(): void
}

const sweepIntervalMs = 500

/**
 * Puts the fast lane in front of a server that carries everything. It reads requests by a grammar
 * that leaves no two ways to read them; a connection with any other request is the server's, with
 * all bytes that were not answered, and does not come back. It adds no rule to the BFF's decisions
 * and skips none.
 */
export function putFastLane(server: Server, options: FastLaneOptions): FastLane {
  const { bff, telemetry, clientAddress = createClientAddress() } = options
  const serve = server.listeners('connection')
  const connections = new Map<Socket, ClientConnection>()
  let time = performance.now() / 1000
  let isDraining = false
  const now = () => time
  const pool = createUpstreamPool(now, options.upstreams)
  const sweeping = setInterval(() => {
    time = performance.now() / 1000
    for (const connection of connections.values()) connection.sweep(time)
    pool.sweep(time)
  }, sweepIntervalMs)
  sweeping.unref()

  // All of them from the start: a reason that never occurs is 0, not missing.
  const handedOver = Object.fromEntries(
    handOverReasons.map((reason) => [reason, telemetry.counter(handOvers, { reason })]),
  ) as Record<HandOverReason, Counter>

  const parts = {
    ...{ bff, telemetry, clientAddress, pool, now },
    carried: telemetry.counter(carriedRequests, { lane: 'fast' }),
    isDraining: () => isDraining,

    handOver(socket: Socket, bytes: Buffer, reason: HandOverReason) {
      connections.delete(socket)
      handedOver[reason].add()
      telemetry.log.debug({ reason }, 'a connection is handed over to the node lane')
      socket.unshift(bytes)
      // What node reads from here on is no part of the request that was given up.
      outsideOfRequests(() => {
        for (const listener of serve) listener.call(server, socket)
        socket.resume()
      })
    },
  }

  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    connections.set(socket, serveConnection(socket, parts))
    socket.once('close', () => connections.delete(socket))
  })

  return {
    drain() {
      isDraining = true
      for (const connection of connections.values()) connection.drain()
    },

    close() {
      clearInterval(sweeping)
      for (const socket of connections.keys()) socket.destroy()
      pool.close()
    },
  }
}
