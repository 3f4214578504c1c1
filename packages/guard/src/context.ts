import { type Clock, systemClock } from '@sallyport/core'
import type { Telemetry } from '@sallyport/telemetry'

/** What reaches outside: the network, the time, the log. Each has a default; tests set them. */
export interface GuardContext {
  /** @defaultValue the platform's `fetch` */
  fetch?: typeof globalThis.fetch
  /** Judges the dates in tokens. @defaultValue the machine's clock */
  clock?: Clock
  /**
   * Seconds since some fixed moment, never stepping back: measures ages and pauses, so that a
   * corrected clock neither keeps old keys nor stops fetching new ones.
   *
   * @defaultValue `performance.now` in seconds
   */
  uptime?: () => number
  /** Where failures are recorded, and whose trace goes along to the issuer. */
  telemetry?: Telemetry | undefined
}

/** A context with nothing left to decide. */
export interface ResolvedContext extends Required<Omit<GuardContext, 'telemetry'>> {
  telemetry: Telemetry | undefined
}

/** Fills in the defaults. */
export function resolveContext(context: GuardContext): ResolvedContext {
  return {
    fetch: context.fetch ?? globalThis.fetch,
    clock: context.clock ?? systemClock,
    uptime: context.uptime ?? (() => performance.now() / 1000),
    telemetry: context.telemetry,
  }
}
