import type { BffOptions } from '@sallyport/bff'
import { parseOptions, strictObject } from '@sallyport/core/options'
import * as z from 'zod'

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
  store: {
    /** Folder of an embedded LMDB environment; made when it is missing. */
    lmdbFolder: string
  }
  /** Folder of the built application: `index.html` and hashed files in `assets`. */
  webFolder?: string | undefined
}

/** What the code reads. The BFF checks its own part. */
export interface GatewayConfig extends GatewayOptions {
  listen: { host: string; port: number }
}

const schema = strictObject({
  bff: z.custom<BffOptions>((value) => typeof value === 'object' && value !== null),
  listen: strictObject({
    host: z.string().min(1).default('localhost'),
    port: z.int().min(0).max(65_535),
  }),
  store: strictObject({ lmdbFolder: z.string().min(1) }),
  webFolder: z.string().min(1).optional(),
}) satisfies z.ZodType<GatewayConfig, GatewayOptions>

/**
 * Checks options once, at start.
 *
 * @throws `ERR_CONFIG_INVALID`, naming every problem by its path.
 */
export function parseGatewayOptions(options: unknown): GatewayConfig {
  return parseOptions(schema, options, 'gateway')
}
