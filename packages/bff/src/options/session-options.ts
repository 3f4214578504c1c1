import { strictObject } from '@sallyport/core/options'
import * as z from 'zod'

/** How long sessions live, and where they are kept. */
export interface SessionOptions {
  /**
   * `stored`: the cookie holds a random id, the store everything else. `sealed`: the cookie holds
   * the session itself, encrypted; the store knows of sign-outs and of what is being renewed.
   * @defaultValue 'stored'
   */
  mode?: 'stored' | 'sealed' | undefined
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
  /**
   * Whether what the store holds of a session is sealed with a key of two halves, of which only the
   * browser's cookie, or an app's session token, has the second: a stolen store opens nothing then,
   * also with the seal keys. It can change under live sessions, both kinds are read. A stored session
   * takes the configured kind at its next write; a sealed one is split from its sign-in on, until a
   * write while this is off. What waits for its revocation stays under the seal keys alone: no
   * cookie comes for it.
   * @defaultValue false
   */
  splitSeal?: boolean | undefined
}

/** Where sessions are kept and how long, every default filled in. */
export interface SessionConfig {
  readonly mode: 'stored' | 'sealed'
  readonly idleTimeout: number
  readonly absoluteTimeout: number
  readonly splitSeal: boolean
}

const seconds = z.int().positive()

/** The schema of {@link SessionOptions}. */
export const session = strictObject({
  mode: z.enum(['stored', 'sealed']).default('stored'),
  idleTimeout: seconds.default(1800),
  absoluteTimeout: seconds.default(28_800),
  splitSeal: z.boolean().default(false),
})
  .refine((s) => s.idleTimeout <= s.absoluteTimeout, {
    path: ['idleTimeout'],
    message: 'must not exceed session.absoluteTimeout',
  })
  .prefault({})
