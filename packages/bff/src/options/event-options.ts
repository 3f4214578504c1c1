import { strictObject } from '@sallyport/core/options'
import * as z from 'zod'

/** What `GET /bff/events` tells, and to how many. */
export interface EventOptions {
  /**
   * Seconds before a session's end at which its page is told, with `expiring`.
   * @defaultValue 120, or a fifth of `session.idleTimeout` if that is less
   */
  expiringNotice?: number | undefined
  /**
   * Streams of this frontend that one process holds at once; who wants one more gets 503 and comes back later.
   * @defaultValue 10000
   */
  mostStreams?: number | undefined
}

/** {@link EventOptions}, complete but for what follows from the session's lifetimes. */
export interface EventConfig {
  readonly expiringNotice?: number | undefined
  readonly mostStreams: number
}

/** The schema of {@link EventOptions}. */
export const events = strictObject({
  expiringNotice: z.int().positive().optional(),
  mostStreams: z.int().positive().default(10_000),
}).prefault({})

const usualNotice = 120

/** Seconds before a session's end at which its page is told. */
export function expiringNotice(config: {
  events: EventConfig
  session: { idleTimeout: number }
}): number {
  const { events, session } = config
  return events.expiringNotice ?? Math.min(usualNotice, Math.ceil(session.idleTimeout / 5))
}
