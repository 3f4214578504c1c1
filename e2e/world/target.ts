import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'

/** One address of an upstream. */
export interface Target {
  readonly url: string
  /** Method and path of what came. */
  readonly seen: string[]
  /** Connections that were made. */
  connections: number
  /** Answers; without it, with its own port. */
  answer: ((request: IncomingMessage, response: ServerResponse) => unknown) | undefined
  /** Refuses connections, and breaks those there are. */
  stop(): Promise<void>
  start(): Promise<void>
}

/** Starts one on a free port. */
export async function createTarget(tls?: ServerOptions): Promise<Target> {
  const sockets = new Set<Socket>()
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    target.seen.push(`${request.method} ${request.url}`)
    if (target.answer) return void target.answer(request, response)
    request.resume()
    request.on('end', () => response.end(String(port)))
  }
  const server = tls ? createTlsServer(tls, listener) : createServer(listener)
  server.keepAliveTimeout = 60_000
  server.on('connection', (socket) => {
    target.connections += 1
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  let port = 0
  const target: Target = {
    get url() {
      return `${tls ? 'https' : 'http'}://localhost:${port}`
    },
    seen: [],
    connections: 0,
    answer: undefined,

    async stop() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },

    async start() {
      server.listen({ host: 'localhost', port })
      await once(server, 'listening')
      port = (server.address() as AddressInfo).port
    },
  }
  await target.start()
  return target
}
