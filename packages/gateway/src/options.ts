import type { BffOptions } from '@sallyport/bff'
import { parseOptions, strictObject } from '@sallyport/core/options'
import type { PostgresStoreOptions } from '@sallyport/session/postgres'
import type { RedisStoreOptions } from '@sallyport/session/redis'
import * as z from 'zod'
import type { StoreOptions } from './open-store.ts'

/** What a user writes to run a BFF as a program of its own. */
export interface GatewayOptions {
  bff: BffOptions
  /** Where it listens. The public URL is the BFF's; a TLS proxy may stand between. */
  listen: {
    /** @defaultValue 'localhost' */
    host?: string | undefined
    /** 0: any free port. */
    port: number
  }
  /** Where sessions are kept. */
  store: StoreOptions
  /** Folder of the built application: `index.html` and hashed files in `assets`. */
  webFolder?: string | undefined
}

/** What the code reads. The BFF checks its own part. */
export interface GatewayConfig extends GatewayOptions {
  listen: { host: string; port: number }
}

const schema = strictObject({
  bff: ownOptions<BffOptions>(),
  listen: strictObject({
    host: z.string().min(1).default('localhost'),
    port: z.int().min(0).max(65_535),
  }),
  store: z.union(
    [
      strictObject({ lmdbFolder: z.string().min(1) }),
      strictObject({ redis: ownOptions<RedisStoreOptions>() }),
      strictObject({ postgres: ownOptions<PostgresStoreOptions>() }),
    ],
    { error: 'must be one of lmdbFolder, redis and postgres' },
  ),
  webFolder: z.string().min(1).optional(),
}) satisfies z.ZodType<GatewayConfig, GatewayOptions>

/** Options that the part which takes them checks by itself. */
function ownOptions<T>() {
  return z.custom<T>((value) => typeof value === 'object' && value !== null)
}

/**
 * Checks options once, at start.
 *
 * @throws `ERR_CONFIG_INVALID`, naming every problem by its path.
 */
export function parseGatewayOptions(options: unknown): GatewayConfig {
  return parseOptions(schema, options, 'gateway')
}
