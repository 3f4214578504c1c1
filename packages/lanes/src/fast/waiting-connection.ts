import type { UpstreamConnection, UpstreamExchange } from './upstream-connection.ts'

export interface WaitingConnectionParts {
  /** The connection, or why there is none. */
  coming: Promise<UpstreamConnection>
  /** Nobody waits any more. */
  leave(): void
  /** The exchange has begun, and its client may send more. */
  began?(): void
}

/**
 * Stands for a connection until there is one. What of a body comes meanwhile is kept, and the client
 * is told to send no more.
 */
export function createWaitingConnection({
  coming,
  leave,
  began,
}: WaitingConnectionParts): UpstreamConnection {
  let actual: UpstreamConnection | undefined
  let isGone = false
  const held: Buffer[] = []

  function begin(connection: UpstreamConnection, exchange: UpstreamExchange, opening: string) {
    if (isGone) return connection.destroy()
    actual = connection
    connection.start(exchange, opening)
    for (const bytes of held) connection.write(bytes)
    exchange.drained()
    began?.()
  }

  return {
    start(exchange, opening) {
      coming.then(
        (connection) => begin(connection, exchange, opening),
        (error) => {
          if (!isGone) exchange.fail(error)
        },
      )
    },

    write(bytes) {
      if (actual) return actual.write(bytes)
      held.push(bytes)
      return false
    },

    pause: () => actual?.pause(),
    resume: () => actual?.resume(),

    destroy() {
      isGone = true
      leave()
      actual?.destroy()
    },

    get keepAlive() {
      return actual?.keepAlive
    },
    get isFresh() {
      return actual?.isFresh ?? true
    },
    get hasBegun() {
      return actual?.hasBegun ?? false
    },
    get isSent() {
      return actual?.isSent ?? true
    },
  }
}
