import type { GatewayOptions } from '@sallyport/gateway'
import type { DemoSettings } from '../../apps/demo/src/settings.ts'

/** What both server programs are told. JSON: it travels between processes. */
export interface ChaosSettings {
  readonly demo: DemoSettings
  /** Where the identity server posts logout tokens. */
  readonly backchannelLogoutUri: string
}

/** What a gateway is told. */
export interface GatewaySettings extends ChaosSettings {
  readonly port: number
  /** Where this gateway, and no other, reaches the identity server. */
  readonly issuerInternalUrl: string
  readonly store: GatewayOptions['store']
  readonly mode: 'stored' | 'sealed'
}

/** Tells a running gateway what its clock says from now on. */
export interface ClockMessage {
  readonly clockOffset: number
}

/** Seconds. Short, so that tokens are renewed all the time. */
export const accessTokenLifetime = 4
/** Seconds the identity server has for an answer. */
export const issuerTimeout = 5
/** Seconds that a lease lasts when nobody prolongs it, and that it can be held: see lease-hold.ts. */
export const leaseTime = 3
export const longestHold = issuerTimeout * 3 + 5
/**
 * Seconds for which a replaced refresh token is answered with its successor: the identity server's
 * default, which is left as it is.
 */
export const refreshTokenGrace = 10
/** Longer than any jump of a clock: what is lost must be lost by a fault. */
export const sessionLifetimes = { sessionIdle: 28_800, sessionAbsolute: 86_400 }
