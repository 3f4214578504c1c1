import type { Secret } from '@sallyport/core'

/**
 * A transmitter of Shared Signals whose events end sessions. At least one of `push` and `poll`.
 *
 * @see {@link https://openid.net/specs/openid-sharedsignals-framework-1_0-final.html Shared Signals Framework 1.0}
 */
export interface SignalsOptions {
  /** The transmitter, exactly as it names itself in `iss`. Often the identity provider itself. */
  issuer: string
  /**
   * Where the transmitter publishes its keys.
   * @defaultValue the `jwks_uri` of its metadata (`/.well-known/ssf-configuration`)
   */
  jwksUri?: string | undefined
  /** What the transmitter calls this BFF in `aud`. */
  audience: string
  /** The transmitter delivers to `/bff/signals` (RFC 8935). */
  push?: PushOptions | undefined
  /** The BFF asks the transmitter (RFC 8936). */
  poll?: PollOptions | undefined
}

export interface PushOptions {
  /**
   * What the transmitter must send after `Authorization: Bearer`; at least 32 characters.
   * @defaultValue nothing: the signature of each event is its only proof
   */
  authorization?: Secret | undefined
}

export interface PollOptions {
  /** Where events are asked for, from the stream's configuration. */
  endpointUrl: string
  /** What is sent after `Authorization: Bearer`. */
  authorization?: Secret | undefined
  /**
   * Seconds from one poll to the next while there is nothing new.
   * @defaultValue 5
   */
  interval?: number | undefined
  /**
   * Seconds for which the transmitter may hold a poll until there is something; 0: it answers at
   * once.
   * @defaultValue 0
   */
  longPoll?: number | undefined
}

/** {@link SignalsOptions}, complete. */
export interface SignalsConfig {
  readonly issuer: string
  readonly jwksUri?: string | undefined
  readonly audience: string
  readonly push?: PushOptions | undefined
  readonly poll?: PollConfig | undefined
}

export interface PollConfig {
  readonly endpointUrl: string
  readonly authorization?: Secret | undefined
  readonly interval: number
  readonly longPoll: number
}
