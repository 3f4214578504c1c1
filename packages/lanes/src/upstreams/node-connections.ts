import type { Socket } from 'node:net'
import { type buildConnector, Client, type Dispatcher } from 'undici'
import type { AttemptFailure } from './retry-rules.ts'
import type { Upstream } from './upstream.ts'
import type { UpstreamAddress } from './upstream-address.ts'
import { UpstreamTimeout } from './upstream-timeout.ts'

/** A connection of undici's to one address: one exchange at a time. */
export interface NodeConnection {
  request(options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData>
  /** What is known of the exchange that failed with this error. */
  describe(error: unknown): Omit<AttemptFailure, 'isUploading'>
  /** Gives it back after a whole exchange, so that it can have another. */
  release(): void
  destroy(): void
}

/** The node lane's connections to all addresses. */
export interface NodeConnections {
  /** @param isNew not one that has carried an exchange before. */
  take(upstream: Upstream, address: UpstreamAddress, isNew: boolean): NodeConnection
  close(): Promise<void>
}

export function createNodeConnections(): NodeConnections {
  const idle = new Map<UpstreamAddress, NodeConnection[]>()
  const open = new Set<Client>()

  function make(upstream: Upstream, address: UpstreamAddress): NodeConnection {
    let socket: Socket | undefined
    let isReady = false
    let isReused = false
    let bytesBefore = 0
    const connector = connectorOf(upstream, address, (opened, ready) => {
      socket = ready ? opened : undefined
      isReady = ready
      isReused = false
      bytesBefore = 0
    })
    const client = new Client(address.url, {
      connect: connector,
      pipelining: 1,
      bodyTimeout: upstream.config.timeouts.idle * 1000,
    })
    open.add(client)

    function destroy(): void {
      open.delete(client)
      remove(address, connection)
      client.destroy().catch(() => undefined)
    }

    const connection: NodeConnection = {
      request(options) {
        if (socket?.destroyed) socket = undefined
        isReady = isReused = socket !== undefined
        bytesBefore = socket?.bytesRead ?? 0
        return client.request(options)
      },

      describe: (error) => ({
        error: toTimeout(error),
        wasConnected: isReady,
        isReused,
        hasBegun: (socket?.bytesRead ?? 0) > bytesBefore,
      }),

      release() {
        if (!socket || socket.destroyed) return destroy()
        const waiting = idle.get(address) ?? []
        idle.set(address, waiting)
        waiting.push(connection)
      },

      destroy,
    }
    // Closed while idle, by either side: there is nothing to come back for.
    client.on('disconnect', () => {
      if (idle.get(address)?.includes(connection)) destroy()
    })
    return connection
  }

  function remove(address: UpstreamAddress, connection: NodeConnection): void {
    const waiting = idle.get(address)
    const at = waiting?.indexOf(connection) ?? -1
    if (at >= 0) waiting?.splice(at, 1)
    if (waiting?.length === 0) idle.delete(address)
  }

  return {
    take: (upstream, address, isNew) =>
      (isNew ? undefined : idle.get(address)?.pop()) ?? make(upstream, address),

    async close() {
      await Promise.all([...open].map((client) => client.destroy()))
    },
  }
}

/**
 * How undici gets its sockets: as the fast lane does.
 *
 * @param changed told of a socket when it is made, and when it is ready.
 */
export function connectorOf(
  upstream: Upstream,
  address: UpstreamAddress,
  changed: (socket: Socket, isReady: boolean) => void = () => undefined,
): buildConnector.connector {
  return (_options, callback) => {
    const socket = upstream.openSocket(address.url, () => {
      socket.off('error', fail)
      changed(socket, true)
      callback(null, socket)
    })
    const fail = (error: Error) => callback(error, null)
    socket.once('error', fail)
    changed(socket, false)
  }
}

/** Undici's time-outs in the words of both lanes. */
function toTimeout(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  if (code === 'UND_ERR_HEADERS_TIMEOUT') return new UpstreamTimeout('headers', { cause: error })
  if (code === 'UND_ERR_BODY_TIMEOUT') return new UpstreamTimeout('body', { cause: error })
  return error
}
