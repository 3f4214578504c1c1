import {
  createClient,
  createCluster,
  createSentinel,
  type RedisClientOptions,
  type RedisClusterOptions,
  type RedisSentinelOptions,
} from '@redis/client'
import type { Secret } from '@sallyport/core'

/**
 * Which Redis or Valkey to use, and how: everything about TLS, passwords and addresses is an
 * option of `@redis/client`. Replicas are never read: they lag behind.
 */
export type RedisServer =
  /** `redis[s]://[[user][:password]@]host[:port][/database]`. */
  | { readonly url: string | Secret }
  | { readonly client: RedisClientOptions }
  | { readonly sentinel: Omit<RedisSentinelOptions, 'replicaPoolSize' | 'keyPrefix'> }
  | { readonly cluster: Omit<RedisClusterOptions, 'useReplicas' | 'keyPrefix'> }

/** One client of `@redis/client`, of whichever kind, with what a store needs of it. */
export interface RedisLink {
  connect(): Promise<unknown>
  /** Sends a command to the server that has `key`. */
  send(key: string, command: string[]): Promise<unknown>
  /** Sends a command to each server that may have a key. */
  sendToAll(command: string[]): Promise<unknown[]>
  /** Resolves when every message of the channel arrives. */
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  /** Lets what is under way finish. */
  close(): Promise<unknown>
  destroy(): void
}

/** How a link is made. */
export interface RedisLinkContext {
  readonly timeoutMs: number
  /** Told of each failed connection; the link goes on trying. */
  onError(error: unknown): void
}

/** @throws TypeError for a URL that is none. */
export function createRedisLink(server: RedisServer, context: RedisLinkContext): RedisLink {
  if ('cluster' in server) return linkToCluster(server.cluster, context)
  if ('sentinel' in server) return linkToSentinel(server.sentinel, context)
  if ('client' in server) return linkToServer(server.client, context)
  const url = typeof server.url === 'string' ? server.url : server.url.reveal()
  // Looked at before the client does, whose error would hold the password.
  if (!/^rediss?:$/.test(URL.parse(url)?.protocol ?? '')) {
    throw new TypeError('the URL of Redis must be redis://… or rediss://…')
  }
  return linkToServer({ url }, context)
}

function linkToServer(options: RedisClientOptions, context: RedisLinkContext): RedisLink {
  const client = createClient({ ...nodeDefaults(options), ...commandDefaults(options, context) })
  client.on('error', context.onError)
  return {
    connect: () => client.connect(),
    send: (_, command) => client.sendCommand(command),
    sendToAll: async (command) => [await client.sendCommand(command)],
    subscribe: (channel, listener) => client.subscribe(channel, listener),
    close: () => client.close(),
    destroy: () => client.destroy(),
  }
}

function linkToSentinel(
  options: Omit<RedisSentinelOptions, 'replicaPoolSize' | 'keyPrefix'>,
  context: RedisLinkContext,
): RedisLink {
  const sentinel = createSentinel({
    ...options,
    ...commandDefaults(options, context),
    nodeClientOptions: nodeDefaults(options.nodeClientOptions),
    sentinelClientOptions: nodeDefaults(options.sentinelClientOptions),
    replicaPoolSize: 0,
    // Otherwise nobody would hear why a master cannot be reached.
    passthroughClientErrorEvents: true,
  })
  sentinel.on('error', context.onError)
  return {
    connect: () => sentinel.connect(),
    send: (_, command) => sentinel.sendCommand(false, command),
    sendToAll: async (command) => [await sentinel.sendCommand(false, command)],
    subscribe: (channel, listener) => sentinel.subscribe(channel, listener),
    close: () => sentinel.close(),
    destroy: () => void sentinel.destroy().catch(context.onError),
  }
}

function linkToCluster(
  options: Omit<RedisClusterOptions, 'useReplicas' | 'keyPrefix'>,
  context: RedisLinkContext,
): RedisLink {
  const cluster = createCluster({
    // A server that hangs must not keep the rest of the cluster from being used.
    minimizeConnections: true,
    ...options,
    ...commandDefaults(options, context),
    defaults: nodeDefaults(options.defaults),
    useReplicas: false,
  })
  cluster.on('error', context.onError)
  cluster.on('node-error', context.onError)
  return {
    connect: () => cluster.connect(),
    send: (key, command) => cluster.sendCommand(key, false, command),
    sendToAll: (command) =>
      Promise.all(
        cluster.masters.map(async (master) =>
          (await cluster.nodeClient(master)).sendCommand(command),
        ),
      ),
    subscribe: (channel, listener) => cluster.subscribe(channel, listener),
    close: () => cluster.close(),
    destroy: () => cluster.destroy(),
  }
}

/** A command that could not be sent in time is not sent later on. */
function commandDefaults<T extends object>(
  options: { commandOptions?: T },
  { timeoutMs }: RedisLinkContext,
): { commandOptions: T & { timeout: number } } {
  return { commandOptions: { ...(options.commandOptions as T), timeout: timeoutMs } }
}

function nodeDefaults<T extends Pick<RedisClientOptions, 'socket' | 'commandsQueueMaxLength'>>(
  options: T | undefined,
): T {
  const socket = { reconnectStrategy: pauseBeforeAttempt, ...options?.socket }
  // Bounds what piles up in front of a server that does not answer.
  return { commandsQueueMaxLength: 10_000, ...(options as T), socket } as T
}

/** Milliseconds, with jitter so that many processes do not come back at once. */
function pauseBeforeAttempt(attempts: number): number {
  return Math.min(25 * 2 ** attempts, 500) * (0.75 + Math.random() / 2)
}
