import { join } from 'node:path'
import type { GatewayOptions } from '@sallyport/gateway'
import { startPostgresServer } from '../../packages/session/src/testing/postgres-server.fixture.ts'
import { startRedisServer } from '../../packages/session/src/testing/redis-server.fixture.ts'

/** Stores that several processes can share. */
export const sharedStores = ['redis', 'postgres', 'lmdb'] as const

export type SharedStore = (typeof sharedStores)[number]

/** Where both gateways keep sessions. */
export interface StoreServer {
  readonly options: GatewayOptions['store']
  /** Seconds for which a gateway may believe what it has in memory: see `CachedStoreOptions`. */
  readonly maxStale: number
  /** The server that can be treated badly; LMDB has none. */
  readonly server?: {
    pause(): void
    resume(): void
    kill(): Promise<void>
    restart(): Promise<void>
  }
  stop(): Promise<void>
}

/** The cache's default, which the gateway does not change. */
const cachedFor = 5

/** Starts a store of the kind; LMDB lives in the folder. */
export async function startStore(kind: SharedStore, folder: string): Promise<StoreServer> {
  if (kind === 'lmdb') {
    const options = { lmdbFolder: join(folder, 'sessions') }
    return { options, maxStale: 0, stop: async () => {} }
  }
  const server = kind === 'redis' ? await startRedisServer() : await startPostgresServer()
  const options =
    kind === 'redis' ? { redis: { url: server.url } } : { postgres: { url: server.url } }
  return { options, maxStale: cachedFor, server, stop: () => server.stop() }
}
