import { strictObject } from '@sallyport/core/options'
import * as z from 'zod'
import type { BffOptions } from '../options.ts'

/** What a user writes to serve many frontends in one process. */
export interface FrontendsOptions {
  /** Those that are known. Each is a whole BFF; the host and the longest base path choose one. */
  frontends?: BffOptions[] | undefined
  /** Where others are looked up when they are first asked for. */
  tenants?: TenantsOptions | undefined
}

/** What one tenant is looked up by. */
export interface TenantPlace {
  /** Of the `Host` header: lower case, with a port that is not the scheme's own. */
  readonly host: string
  /** The first segment of the path; only when tenants are told apart by it, and may be empty. */
  readonly segment?: string | undefined
}

/** Looks a tenant up; `undefined` when there is none, and rejects when it cannot be known now. */
export type TenantResolver = (place: TenantPlace) => Promise<BffOptions | undefined>

/** Frontends that are looked up. */
export interface TenantsOptions {
  /** Asked once at a time for one place, and only for hosts that `frontends` does not name. */
  resolve: TenantResolver
  /**
   * What tells tenants apart. `segment`: the host and the first segment of the path, which is then
   * the base path of the tenant's `publicUrl`.
   * @defaultValue 'host'
   */
  by?: 'host' | 'segment' | undefined
  /**
   * Seconds for which an answer is good, also that there is no such tenant. A tenant that is known
   * is served as long again while it cannot be looked up.
   * @defaultValue 60
   */
  lifetime?: number | undefined
  /**
   * How many tenants are kept, those used longest ago go first; as many places without a tenant are
   * remembered.
   * @defaultValue 1000
   */
  most?: number | undefined
}

/** {@link TenantsOptions}, complete. */
export interface TenantsConfig {
  readonly resolve: TenantResolver
  readonly by: 'host' | 'segment'
  readonly lifetime: number
  readonly most: number
}

/** Each frontend checks its own options. */
export const frontendsSchema = strictObject({
  frontends: z.array(z.custom<BffOptions>()).default([]),
  tenants: strictObject({
    resolve: z.custom<TenantResolver>((value) => typeof value === 'function', 'must be a function'),
    by: z.enum(['host', 'segment']).default('host'),
    lifetime: z.int().positive().default(60),
    most: z.int().positive().default(1000),
  }).optional(),
}).refine(({ frontends, tenants }) => frontends.length > 0 || tenants, {
  path: ['frontends'],
  message: 'needs at least one frontend, or tenants',
}) satisfies z.ZodType<object, FrontendsOptions>
