import type { SealKey } from '@sallyport/core'
import type { BearerConfig, BearerOptions } from './options/caller-options.ts'
import type { EventConfig, EventOptions } from './options/event-options.ts'
import type { IssuerConfig, IssuerOptions } from './options/issuer-options.ts'
import type { LogoutConfig, LogoutOptions } from './options/logout-options.ts'
import type { NativeAppConfig, NativeAppOptions } from './options/native-options.ts'
import type { OriginConfig, OriginOptions } from './options/origin-options.ts'
import type { ProofConfig, ProofOptions } from './options/proof-options.ts'
import type { RouteConfig, RouteOptions } from './options/route-options.ts'
import type { SessionConfig, SessionOptions } from './options/session-options.ts'
import type { UpstreamConfig, UpstreamOptions } from './options/upstream-options.ts'
import type { VisitorConfig, VisitorOptions } from './options/visitor-options.ts'
import type { SignalsConfig, SignalsOptions } from './signals/signals-options.ts'

/** What a user writes. Durations are in seconds; URLs are absolute. */
export interface BffOptions extends IssuerOptions, OriginOptions {
  /**
   * Where browsers reach the BFF: an origin such as `https://app.example`, or one with a path,
   * `https://example.com/shop`, below which all of it lies. Paths of one origin share its cookies
   * and its scripts: they keep frontends apart, not enemies.
   */
  publicUrl: string
  /** Seal what leaves memory (cookies, stored tokens). Newest first; older ones only open. */
  sealKeys: SealKey[]
  /** What is proxied. A path that no route matches is not proxied. */
  routes?: RouteOptions[] | undefined
  /**
   * How upstreams are reached, by the origin that routes name, such as `http://orders.internal`.
   * @defaultValue each at its origin, with the defaults of an entry, one retry and no breaker
   */
  upstreams?: Record<string, UpstreamOptions> | undefined
  /** Whose access tokens routes with the caller `bearer` take; absent: nobody's. */
  bearer?: BearerOptions | undefined
  /**
   * Apps that get sessions of their own, for routes with the caller `native`.
   * @defaultValue none
   */
  nativeApps?: NativeAppOptions[] | undefined
  /** What proofs of both kinds of apps must hold. */
  callerProofs?: ProofOptions | undefined
  session?: SessionOptions | undefined
  visitors?: VisitorOptions | undefined
  events?: EventOptions | undefined
  logout?: LogoutOptions | undefined
  /** Whose security events end sessions; absent: nobody's. */
  signals?: SignalsOptions | undefined
}

/** What the code reads: every default filled in, every route compiled. */
export interface BffConfig extends IssuerConfig, OriginConfig {
  readonly publicUrl: URL
  /** The path of `publicUrl`: empty, or `/shop` with neither escapes nor a slash at its end. */
  readonly basePath: string
  /** What sessions, keys and cookies of this frontend are kept apart by: origin and base path. */
  readonly frontend: string
  readonly sealKeys: readonly SealKey[]
  readonly routes: readonly RouteConfig[]
  /** Those of all routes, by origin. */
  readonly upstreams: Readonly<Record<string, UpstreamConfig>>
  readonly bearer?: BearerConfig | undefined
  readonly nativeApps: readonly NativeAppConfig[]
  readonly callerProofs: ProofConfig
  readonly session: SessionConfig
  readonly visitors: VisitorConfig
  readonly events: EventConfig
  readonly logout: LogoutConfig
  readonly signals?: SignalsConfig | undefined
}
