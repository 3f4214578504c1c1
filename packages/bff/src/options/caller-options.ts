import { strictObject } from '@sallyport/core/options'
import * as z from 'zod'

/** Who calls a route, told apart by what a request brings. */
export type RouteCaller = (typeof routeCallers)[number]

/** All of them, for the schema of routes. */
export const routeCallers = ['browser', 'bearer', 'native'] as const

/** Whose access tokens routes with the caller `bearer` take: the issuer's, made for this BFF. */
export interface BearerOptions {
  /** This BFF's own resource identifier at the issuer; must be in `aud` (RFC 9068 section 4). */
  audience: string
  /**
   * Tokens that are bound to a key (RFC 9449) always need a proof. `accepted`: others are taken
   * too. `required`: no other token will do.
   * @defaultValue 'accepted'
   */
  dpop?: 'accepted' | 'required' | undefined
}

/** {@link BearerOptions}, complete. */
export interface BearerConfig {
  readonly audience: string
  readonly dpop: 'accepted' | 'required'
}

/** The schema of {@link BearerOptions}. */
export const bearer = strictObject({
  audience: z
    .string()
    .regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, 'must be visible ASCII without quote and backslash'),
  dpop: z.enum(['accepted', 'required']).default('accepted'),
})
