import type { BffOptions, TenantsOptions, TrustedProxiesOptions } from '@sallyport/bff'
import { parseOptions, strictObject } from '@sallyport/core/options'
import * as z from 'zod'
import { type OperatorConfig, type OperatorOptions, operator } from './operator/operator-options.ts'
import { type StoreOptions, store } from './store-options.ts'

/** One frontend of several: a BFF, and its own page. */
export interface GatewayFrontend {
  bff: BffOptions
  /** Folder of the built application: `index.html` and hashed files in `assets`. */
  webFolder?: string | undefined
}

/** What every gateway needs. */
interface ListeningOptions {
  /** Where it listens. The public URL is the BFF's; a TLS proxy may stand between. */
  listen: {
    /** @defaultValue 'localhost' */
    host?: string | undefined
    /** 0: any free port. */
    port: number
  }
  /** Where sessions are kept. */
  store: StoreOptions
  /**
   * The proxies in front, for the address of a client in the log and at APIs. Scheme and host are
   * those of `publicUrl` in any case.
   * @defaultValue none: no forwarded header counts
   */
  trustedProxies?: TrustedProxiesOptions | undefined
  /** Who may look at sessions and end them over HTTP; absent: nobody. */
  operator?: OperatorOptions | undefined
  /**
   * How requests are carried: plain ones over bare sockets (`fast`), all others over node:http.
   * `['node']` turns the fast lane off.
   *
   * @defaultValue `['fast', 'node']`
   */
  lanes?: Lane[] | undefined
}

/** One way to carry a request. `node` carries everything and is always needed. */
export type Lane = 'fast' | 'node'

/** What a user writes to run a BFF as a program of its own. */
export interface GatewayOptions extends ListeningOptions, GatewayFrontend {}

/** What a user writes to run several BFFs in one program. */
export interface FrontendsGatewayOptions extends ListeningOptions {
  /** Chosen by host and path. */
  frontends?: GatewayFrontend[] | undefined
  /** Frontends that are looked up when they are first asked for; they have no web folder. */
  tenants?: TenantsOptions | undefined
}

/** What the code reads. Each BFF checks its own part. */
export interface GatewayConfig {
  readonly frontends: readonly GatewayFrontend[]
  readonly tenants?: TenantsOptions | undefined
  readonly listen: { host: string; port: number }
  readonly store: StoreOptions
  readonly trustedProxies?: TrustedProxiesOptions | undefined
  readonly operator?: OperatorConfig | undefined
  readonly lanes: readonly Lane[]
}

/** Options of one BFF, wherever they stand. */
export const bffOptions = ownOptions<BffOptions>()

/** Checked by what reads addresses. */
export const trustedProxiesOptions = ownOptions<TrustedProxiesOptions>()

/** The schema of {@link GatewayOptions} and {@link FrontendsGatewayOptions}. */
export const gatewaySchema = strictObject({
  bff: bffOptions.optional(),
  frontends: z
    .array(
      strictObject({
        bff: bffOptions,
        webFolder: z.string().min(1).optional(),
      }),
    )
    .min(1)
    .optional(),
  tenants: ownOptions<TenantsOptions>().optional(),
  listen: strictObject({
    host: z.string().min(1).default('localhost'),
    port: z.int().min(0).max(65_535),
  }),
  store,
  trustedProxies: trustedProxiesOptions.optional(),
  lanes: z
    .array(z.enum(['fast', 'node']))
    .refine((lanes) => lanes.includes('node'), 'must have "node", which carries everything')
    .default(['fast', 'node']),
  webFolder: z.string().min(1).optional(),
  operator: operator.optional(),
})
  .superRefine(({ bff, frontends, tenants, webFolder, listen, operator }, context) => {
    const problem = (name: string, message: string) =>
      context.addIssue({ code: 'custom', path: [name], message })
    if (!bff && !frontends && !tenants) problem('bff', 'is needed, or frontends, or tenants')
    if (bff && (frontends || tenants)) problem('bff', 'stands for one: put it into frontends')
    if (operator && operator.listen.port !== 0 && operator.listen.port === listen.port) {
      problem('operator', 'needs a port of its own')
    }
    if (webFolder && !bff) problem('webFolder', 'belongs to bff: frontends have their own')
  })
  .transform(({ bff, frontends, webFolder, ...rest }): GatewayConfig => {
    return { ...rest, frontends: bff ? [{ bff, webFolder }] : (frontends ?? []) }
  }) satisfies z.ZodType<GatewayConfig>

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
  return parseOptions(gatewaySchema, options, 'gateway')
}
