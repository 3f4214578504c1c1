import { randomBytes } from 'node:crypto'
import type { GatewayOptions } from '@sallyport/gateway'
import { inject } from 'vitest'

/** The server that this test run keeps sessions in; absent: there is none, and it is LMDB. */
export type SessionServer = { redis: string } | { postgres: string }

declare module 'vitest' {
  interface ProvidedContext {
    sessionServer?: SessionServer
  }
}

/** Where a world keeps its sessions, apart from all others: what the test run is about. */
export function sessionStoreOf(lmdbFolder: string): GatewayOptions['store'] {
  const server = inject('sessionServer')
  const name = `flow_${randomBytes(8).toString('hex')}`
  if (!server) return { lmdbFolder }
  if ('redis' in server) return { redis: { url: server.redis, prefix: `${name}:` } }
  return { postgres: { url: server.postgres, schema: name } }
}
