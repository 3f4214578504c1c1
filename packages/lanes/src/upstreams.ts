import { type Dispatcher, Pool } from 'undici'

/** Connections to the upstreams, one pool an origin. */
export interface Upstreams {
  pool(origin: string): Dispatcher
  close(): Promise<void>
}

const connectTimeoutMs = 5000

/** Creates the pools when they are first needed. Redirects are never followed. */
export function createUpstreams(): Upstreams {
  const pools = new Map<string, Pool>()

  return {
    pool(origin) {
      const existing = pools.get(origin)
      if (existing) return existing
      const created = new Pool(origin, { connect: { timeout: connectTimeoutMs }, pipelining: 1 })
      pools.set(origin, created)
      return created
    },

    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()))
    },
  }
}
