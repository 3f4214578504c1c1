import type { SealKey } from '@sallyport/core'
import type { IssuerConfig, IssuerOptions } from './options/issuer-options.ts'

/** What a user writes. Durations are in seconds; URLs are absolute. */
export interface BffOptions extends IssuerOptions {
  /** The one origin under which browsers reach the BFF, such as `https://app.example`. */
  publicUrl: string
  /** Seal what leaves memory (cookies, stored tokens). Newest first; older ones only open. */
  sealKeys: SealKey[]
  /** What is proxied. A path that no route matches is not proxied. */
  routes?: RouteOptions[] | undefined
  session?: SessionOptions | undefined
  logout?: LogoutOptions | undefined
}

/** One path pattern and the upstream it goes to. */
export interface RouteOptions {
  /** A path, or a path and `/*`, which also matches the path itself. Whole segments count. */
  match: string
  /** Where it goes: origin and path that takes the place of the matched one. */
  upstream: string
  /**
   * Methods that pass; others get 405.
   * @defaultValue GET, HEAD, POST, PUT, PATCH, DELETE
   */
  methods?: string[] | undefined
  /**
   * `user`: the signed-in user's access token goes along, nobody else gets in. `none`: open to
   * visitors, no token and no cookie goes along.
   * @defaultValue 'user'
   */
  token?: 'user' | 'none' | undefined
  /** The resource server the token must be for (RFC 8707); absent: what the issuer gives. */
  resource?: string | undefined
  /**
   * Seconds until the upstream must have sent its response headers.
   * @defaultValue 30
   */
  timeout?: number | undefined
}

export interface SessionOptions {
  /**
   * A session that nobody uses ends after this.
   * @defaultValue 1800
   */
  idleTimeout?: number | undefined
  /**
   * Hard end of a session, however active.
   * @defaultValue 28800
   */
  absoluteTimeout?: number | undefined
}

export interface LogoutOptions {
  /**
   * What tells the issuer whose session ends. `id_token` is what the standard recommends, and puts
   * the ID token into a URL; `sid` sends `logout_hint` with the session's `sid` instead, for issuers
   * that take it (OpenID Connect RP-Initiated Logout 1.0 section 2).
   * @defaultValue 'id_token'
   */
  hint?: 'id_token' | 'sid' | undefined
  /**
   * Path of this application where the issuer sends the browser afterwards. Registered there.
   * @defaultValue '/'
   */
  returnPath?: string | undefined
}

/** What the code reads: every default filled in, every route compiled. */
export interface BffConfig extends IssuerConfig {
  readonly publicUrl: URL
  readonly sealKeys: readonly SealKey[]
  readonly routes: readonly RouteConfig[]
  readonly session: SessionConfig
  readonly logout: LogoutConfig
}

export interface RouteConfig {
  readonly match: string
  readonly upstream: URL
  readonly methods: readonly string[]
  readonly token: 'user' | 'none'
  readonly resource?: string | undefined
  readonly timeout: number
}

export interface SessionConfig {
  readonly idleTimeout: number
  readonly absoluteTimeout: number
}

export interface LogoutConfig {
  readonly hint: 'id_token' | 'sid'
  readonly returnPath: string
}
