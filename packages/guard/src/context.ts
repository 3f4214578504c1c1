import { type Clock, systemClock } from '@sallyport/core'
import type { Replays } from '@sallyport/core/access-token'
import type { Telemetry } from '@sallyport/telemetry'
import { createReplays } from './replays.ts'

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
  /**
   * Where used DPoP proofs are remembered. Instances behind one address need one that they share.
   *
   * @defaultValue 200,000 proofs in memory
   */
  replays?: Replays
  /** Where failures are recorded, and whose trace goes along to the issuer. */
  telemetry?: Telemetry | undefined
}

/** A context with nothing left to decide. */
export interface ResolvedContext extends Required<Omit<GuardContext, 'telemetry'>> {
  telemetry: Telemetry | undefined
}

const rememberedProofs = 200_000

/** Fills in the defaults. */
export function resolveContext(context: GuardContext): ResolvedContext {
  const clock = context.clock ?? systemClock
  return {
    fetch: context.fetch ?? globalThis.fetch,
    clock,
    replays: context.replays ?? createReplays(rememberedProofs, clock),
    uptime: context.uptime ?? (() => performance.now() / 1000),
    telemetry: context.telemetry,
  }
}
