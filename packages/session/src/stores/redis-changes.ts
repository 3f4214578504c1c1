import { randomToken } from '@sallyport/core'
import type { ChangeListener } from '../cache/change-feed.ts'
import { tellChange } from './change-message.ts'
import { keepSubscribed, type Subscription } from './keep-subscribed.ts'
import type { RedisConnection } from './redis-connection.ts'
import { createRedisLink, type RedisServer } from './redis-link.ts'

/** What a feed needs to know of its store. */
export interface RedisChangesContext {
  readonly server: RedisServer
  /** Where probes are sent: not the connection on which they have to arrive. */
  readonly connection: RedisConnection
  readonly prefix: string
  readonly timeoutMs: number
}

/** The channel on which each write is told, in the step that writes. */
export function changesChannel(prefix: string): string {
  return `${prefix}changes`
}

/**
 * Listens to what the store's scripts publish; a cluster passes it on to all its servers. That the
 * channel works is seen by a message of our own that comes back.
 */
export function listenToRedis(context: RedisChangesContext, listener: ChangeListener): () => void {
  const { server, connection, prefix, timeoutMs } = context

  function open(onBroken: (error: unknown) => void): Subscription {
    const link = createRedisLink(server, { timeoutMs, onError: onBroken })
    const echoChannel = `${prefix}echo:${randomToken()}`
    const echoes = new Map<string, () => void>()

    async function subscribe(): Promise<void> {
      await link.connect()
      await link.subscribe(changesChannel(prefix), (message) => tellChange(listener, message))
      await link.subscribe(echoChannel, (message) => echoes.get(message)?.())
    }

    async function probe(): Promise<void> {
      const id = randomToken()
      const echo = Promise.withResolvers<void>()
      echoes.set(id, echo.resolve)
      try {
        await connection.send(echoChannel, ['PUBLISH', echoChannel, id])
        await echo.promise
      } finally {
        echoes.delete(id)
      }
    }

    return { ready: subscribe(), probe, close: () => link.destroy() }
  }

  return keepSubscribed({ open, timeoutMs }, listener)
}
