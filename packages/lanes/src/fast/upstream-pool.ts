import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { createUpstreamConnection, type UpstreamConnection } from './upstream-connection.ts'
import { UpstreamTimeout } from './upstream-timeout.ts'

/** Connections to upstreams that wait for their next exchange, by origin. */
export interface UpstreamPool {
  /** An idle connection, the one that was used last; or one that is being made. */
  take(origin: string): UpstreamConnection
  /** A new connection, for what an idle one has failed to do. */
  connect(origin: string): UpstreamConnection
  /** Gives a connection back after a whole exchange. */
  release(origin: string, connection: UpstreamConnection): void
  /** Ends what has been idle for too long. */
  sweep(now: number): void
  /** Ends all, those in use included. */
  close(): void
}

/** Seconds an idle connection is kept when the upstream does not say: most keep it for 5. */
const idleTime = 4
/** Seconds at most, whatever the upstream says. */
const longestIdleTime = 600
const connectTimeoutMs = 5000

interface Idle {
  connection: UpstreamConnection
  until: number
}

/** @param now seconds, of any clock that `sweep` is told by too. */
export function createUpstreamPool(now: () => number): UpstreamPool {
  const idle = new Map<string, Idle[]>()
  const open = new Set<UpstreamConnection>()

  function forget(origin: string, connection: UpstreamConnection): void {
    open.delete(connection)
    const waiting = idle.get(origin)
    const at = waiting?.findIndex((entry) => entry.connection === connection) ?? -1
    if (at >= 0) waiting?.splice(at, 1)
  }

  function make(origin: string): UpstreamConnection {
    const socket = openSocket(new URL(origin))
    const connection = createUpstreamConnection(socket, (closed) => forget(origin, closed))
    open.add(connection)
    return connection
  }

  return {
    take: (origin) => idle.get(origin)?.pop()?.connection ?? make(origin),
    connect: make,

    release(origin, connection) {
      const wanted = connection.keepAlive === undefined ? idleTime : connection.keepAlive - 1
      if (wanted <= 0) return connection.destroy()
      const waiting = idle.get(origin) ?? []
      idle.set(origin, waiting)
      waiting.push({ connection, until: now() + Math.min(wanted, longestIdleTime) })
    },

    sweep(time) {
      for (const waiting of idle.values()) {
        for (const { connection, until } of [...waiting]) {
          if (until <= time) connection.destroy()
        }
      }
    },

    close() {
      for (const connection of open) connection.destroy()
    },
  }
}

function openSocket({ protocol, hostname, port }: URL) {
  const host = hostname.replace(/^\[|\]$/g, '')
  const isSecure = protocol === 'https:'
  const options = { host, port: Number(port || (isSecure ? 443 : 80)), noDelay: true }
  const servername = /^[\d.]+$|:/.test(host) ? '' : host
  const socket = isSecure
    ? connectTls({ ...options, servername, ALPNProtocols: ['http/1.1'] })
    : connect(options)
  const ready = isSecure ? 'secureConnect' : 'connect'
  const late = setTimeout(
    () => socket.destroy(new UpstreamTimeout('no connection in time')),
    connectTimeoutMs,
  )
  socket.once(ready, () => clearTimeout(late))
  socket.once('close', () => clearTimeout(late))
  return socket
}
