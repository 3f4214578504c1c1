import { secret, strictObject } from '@sallyport/core/options'
import type { PostgresStoreOptions } from '@sallyport/session/postgres'
import type { RedisStoreOptions } from '@sallyport/session/redis'
import * as z from 'zod'

/** Where sessions are kept: exactly one of these. */
export type StoreOptions =
  /** Folder of an embedded LMDB environment, for one machine; made when it is missing. */
  | { lmdbFolder: string }
  /** Redis or Valkey, for several machines. */
  | { redis: RedisStoreOptions }
  /** PostgreSQL, for several machines. */
  | { postgres: PostgresStoreOptions }

const timeoutMs = z.int().min(1).max(60_000).optional()
const clock = z.custom<() => number>((value) => typeof value === 'function').optional()

/** Options of a client library, which checks them by itself. */
const libraryOptions = z.looseObject({}).optional()

const redis = strictObject({
  ...{ url: url(/^rediss?:$/, 'redis:// or rediss://'), client: libraryOptions },
  ...{ sentinel: libraryOptions, cluster: libraryOptions },
  prefix: z.string().optional(),
  ...{ timeoutMs, clock },
}).refine(
  hasOne('url', 'client', 'sentinel', 'cluster'),
  'needs one of url, client, sentinel and cluster',
)

const postgres = strictObject({
  ...{ url: url(/^postgres(ql)?:$/, 'postgres:// or postgresql://'), client: libraryOptions },
  schema: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,50}$/, 'must be small letters, digits and _, at most 51 of them')
    .optional(),
  ...{ timeoutMs, clock },
  maxConnections: z.int().min(1).optional(),
  sweepEverySeconds: z.number().positive().max(86_400).optional(),
}).refine(hasOne('url', 'client'), 'needs one of url and client')

/** The schema of {@link StoreOptions}. */
export const store = strictObject({
  lmdbFolder: z.string().min(1).optional(),
  redis: redis.transform(dropAbsent).optional(),
  postgres: postgres.transform(dropAbsent).optional(),
})
  .refine(
    hasOne('lmdbFolder', 'redis', 'postgres'),
    'must be one of lmdbFolder, redis and postgres',
  )
  .transform((value) => dropAbsent(value) as StoreOptions)

/** Of a database, password and all: says what it must begin with, and never what it is. */
function url(protocol: RegExp, beginnings: string) {
  return secret
    .refine(
      (text) => protocol.test(URL.parse(text.reveal())?.protocol ?? ''),
      `must be a URL that begins with ${beginnings}`,
    )
    .optional()
}

function hasOne(...names: string[]): (value: Readonly<Record<string, unknown>>) => boolean {
  return (value) => names.filter((name) => value[name] !== undefined).length === 1
}

/** Stores are told apart by which members there are. */
function dropAbsent(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined))
}
