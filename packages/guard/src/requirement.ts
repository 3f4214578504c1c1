import { type AccessTokenClaims, isClientToken, scopesOf } from '@sallyport/core/access-token'
import { scopeToken, strictObject } from '@sallyport/core/options'
import { z } from 'zod'

/** What a request needs to be let through. */
export interface Requirement {
  /** All of them must have been granted. Empty: any valid token will do. */
  scopes: readonly string[]
  /** `person`: refuse clients that act for themselves. @defaultValue 'any' */
  subject?: 'any' | 'person'
  /** The token's `acr` must be one of them; the first is the one to ask for. */
  acrValues?: readonly string[]
  /** Whole seconds, at least 1, that may have passed since the person signed in (`auth_time`). */
  maxAge?: number
}

const requirementSchema = strictObject({
  scopes: z.array(scopeToken),
  subject: z.enum(['any', 'person']).optional(),
  acrValues: z
    .array(z.string().regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/))
    .min(1)
    .optional(),
  // Of 0 seconds, each new sign-in would be too old again when its token arrives.
  maxAge: z.int().min(1).optional(),
})

/**
 * Holds a requirement against its shape, for those who keep requirements in a table.
 *
 * @throws TypeError when it is none: an unreadable requirement must never let anybody through.
 */
export function parseRequirement(requirement: Requirement): Requirement {
  const result = requirementSchema.safeParse(requirement)
  if (result.success) return requirement
  throw new TypeError(`not a requirement: ${z.prettifyError(result.error)}`)
}

/** The requirement within something larger, such as a route. */
export function toRequirement(larger: Requirement): Requirement {
  const { scopes, subject, acrValues, maxAge } = larger
  return {
    scopes,
    ...(subject !== undefined && { subject }),
    ...(acrValues !== undefined && { acrValues }),
    ...(maxAge !== undefined && { maxAge }),
  }
}

/** Whether the token was granted what the request needs. */
export function permits(claims: AccessTokenClaims, requirement: Requirement): boolean {
  if (requirement.subject === 'person' && isClientToken(claims)) return false
  const granted = new Set(scopesOf(claims))
  return requirement.scopes.every((scope) => granted.has(scope))
}

/** A moment, and how far clocks may differ from it. */
export interface Moment {
  now: number
  clockTolerance: number
}

/**
 * What of a requirement the person's sign-in does not meet: another kind of sign-in is needed, or
 * a more recent one. A token that does not say how or when the person signed in meets nothing.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9470.html#section-6.2 RFC 9470, section 6.2}
 */
export function missingSignIn(
  claims: AccessTokenClaims,
  { acrValues, maxAge }: Requirement,
  { now, clockTolerance }: Moment,
): 'acr' | 'age' | undefined {
  const { acr, auth_time: authTime } = claims
  if (acrValues && !(typeof acr === 'string' && acrValues.includes(acr))) return 'acr'
  if (maxAge === undefined) return undefined
  const age = typeof authTime === 'number' ? now - authTime : Number.NaN
  return age <= maxAge + clockTolerance && age >= -clockTolerance ? undefined : 'age'
}
