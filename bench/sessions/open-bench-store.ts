import { statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SessionStore } from '@sallyport/session'
import { createLmdbStore } from '@sallyport/session/lmdb'
import { createMemoryStore } from '@sallyport/session/memory'
import { createPostgresStore } from '@sallyport/session/postgres'
import { createRedisStore } from '@sallyport/session/redis'
import { heapBytes } from '../../e2e/world/heap.ts'
import { startPostgresServer } from '../../packages/session/src/testing/postgres-server.fixture.ts'
import { startRedisServer } from '../../packages/session/src/testing/redis-server.fixture.ts'

/** All stores there are. */
export const benchStores = ['memory', 'lmdb', 'redis', 'postgres'] as const

export type BenchStore = (typeof benchStores)[number]

/** A store to measure; none has a cache before it. */
export interface OpenStore {
  readonly store: SessionStore
  /** What its sessions take, in bytes: of this process's heap, of files, or of the server. */
  bytes(): Promise<number>
  close(): Promise<void>
}

/** Opens a store of the kind, empty, with a real server of its own where it needs one. */
export function openBenchStore(kind: BenchStore): Promise<OpenStore> {
  return openers[kind]()
}

const openers: Readonly<Record<BenchStore, () => Promise<OpenStore>>> = {
  async memory() {
    const store = createMemoryStore()
    return { store, bytes: heapBytes, close: async () => store.close() }
  },

  async lmdb() {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'))
    const store = createLmdbStore({ folder })
    return {
      store,
      bytes: async () => statSync(join(folder, 'data.mdb')).size,
      async close() {
        await store.close()
        await rm(folder, { recursive: true, force: true })
      },
    }
  },

  async redis() {
    const server = await startRedisServer()
    const store = await createRedisStore({ url: server.url, timeoutMs: 10_000 })
    return {
      store,
      async bytes() {
        const memory = String(await server.command('INFO', 'memory'))
        return Number(/used_memory:(\d+)/.exec(memory)?.[1])
      },
      async close() {
        await store.close()
        await server.stop()
      },
    }
  },

  async postgres() {
    const server = await startPostgresServer()
    const store = await createPostgresStore({ url: server.url, timeoutMs: 10_000 })
    return {
      store,
      async bytes() {
        const { rows } = await server.query(
          "select sum(pg_total_relation_size(oid)) as bytes from pg_class where relkind = 'r' and relnamespace = 'sallyport'::regnamespace",
        )
        return Number(rows[0]?.bytes)
      },
      async close() {
        await store.close()
        await server.stop()
      },
    }
  },
}
