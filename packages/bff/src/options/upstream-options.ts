import type { Secret } from '@sallyport/core'

/** A method that may be sent once more: it can be repeated without harm (RFC 9110 section 9.2.2). */
export type RetryMethod = (typeof retryMethods)[number]

/** All that an upstream may be asked twice. */
export const retryMethods = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'] as const

/** How the upstream at one origin is reached. Counts and limits are those of one process. */
export interface UpstreamOptions {
  /**
   * Where it really is: origins with the scheme of the upstream, such as `http://10.0.0.1:8080`. Its
   * `Host` and the name in its certificate stay those of the origin that routes name. A name with
   * several IP addresses counts as one address: which of them is asked is the resolver's choice.
   * @defaultValue the origin itself
   */
  addresses?: string[] | undefined
  /**
   * Exchanges at a time with each address, one a connection; what holds a stream open counts.
   * @defaultValue 4096
   */
  maxConnections?: number | undefined
  /** Requests that wait while each address that is in use has as many exchanges as it may. */
  queue?: UpstreamQueueOptions | undefined
  timeouts?: UpstreamTimeouts | undefined
  retries?: UpstreamRetries | undefined
  /**
   * When an address is out of use, because of what requests meet there. `false`: never.
   * @defaultValue after 3 failures in a row
   */
  breaker?: UpstreamBreaker | false | undefined
  /** Asks each address whether it is well, again and again; absent: only requests tell. */
  health?: UpstreamHealth | undefined
  /** For https. @defaultValue what Node trusts, and no certificate of one's own */
  tls?: UpstreamTls | undefined
  /**
   * Which IP addresses may be connected to, after the name was resolved. `public`: none of a private
   * network, of this machine or link, shared, reserved or translated, however it is written.
   * @defaultValue 'any'
   */
  addressPolicy?: 'any' | 'public' | undefined
}

/** Beyond these a request is refused with `ERR_UPSTREAM_BUSY`. */
export interface UpstreamQueueOptions {
  /** How many may wait; 0: none. @defaultValue 256 */
  length?: number | undefined
  /** Seconds that one may wait. @defaultValue 5 */
  timeout?: number | undefined
}

/** Each phase has its own; that until the response headers are complete is the route's `timeout`. */
export interface UpstreamTimeouts {
  /** Seconds until a connection is made, TLS included. @defaultValue 5 */
  connect?: number | undefined
  /** Seconds of silence within a response. @defaultValue 300 */
  idle?: number | undefined
}

/**
 * Requests that are sent again: any whose connection could not be made and whose body was not read;
 * and those of `methods` without a body whose connection broke before a byte of the response came.
 */
export interface UpstreamRetries {
  /** How many times for one request; 0: never. @defaultValue 2, and 1 without any entry */
  most?: number | undefined
  /** @defaultValue GET, HEAD, OPTIONS */
  methods?: RetryMethod[] | undefined
}

/** What counts is a connection that cannot be made or that breaks, and a time-out. */
export interface UpstreamBreaker {
  /** In a row. @defaultValue 3 */
  failures?: number | undefined
  /** Seconds; the pause begins with one and doubles. @defaultValue 10 */
  longestPause?: number | undefined
  /** Statuses that count as failures, such as 503. @defaultValue none */
  statuses?: number[] | undefined
}

/** A `GET`, answered in time with a status from 200 to 299. Two failures in a row count as one. */
export interface UpstreamHealth {
  /** Path and query to ask for, without any credentials. */
  path: string
  /** Seconds. @defaultValue 5 */
  interval?: number | undefined
  /** Seconds. @defaultValue 2 */
  timeout?: number | undefined
}

/** Whom the upstream's certificate must come from, and who the BFF is to it. PEM. */
export interface UpstreamTls {
  /** Authorities that are trusted here, and no others. @defaultValue Node's */
  ca?: string | string[] | undefined
  /** Shown to the upstream, the chain to its authority included. Needs `key`. */
  certificate?: string | undefined
  key?: Secret | undefined
  /** The name in the upstream's certificate. @defaultValue the host of the origin */
  serverName?: string | undefined
}

/** {@link UpstreamOptions}, complete. */
export interface UpstreamConfig {
  /** What routes name. */
  readonly origin: string
  /** Origins, at least one. */
  readonly addresses: readonly string[]
  readonly maxConnections: number
  readonly queue: { readonly length: number; readonly timeout: number }
  readonly timeouts: { readonly connect: number; readonly idle: number }
  readonly retries: { readonly most: number; readonly methods: readonly RetryMethod[] }
  readonly breaker:
    | {
        readonly failures: number
        readonly longestPause: number
        readonly statuses: readonly number[]
      }
    | undefined
  readonly health?: { readonly path: string; readonly interval: number; readonly timeout: number }
  readonly tls?: {
    readonly ca?: string | readonly string[] | undefined
    readonly certificate?: string | undefined
    readonly key?: Secret | undefined
    readonly serverName?: string | undefined
  }
  readonly addressPolicy: 'any' | 'public'
}
