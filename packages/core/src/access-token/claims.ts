import { z } from 'zod'

/** The claims of a verified access token. */
export interface AccessTokenClaims {
  readonly iss: string
  readonly sub: string
  readonly aud: string | readonly string[]
  readonly exp: number
  readonly iat: number
  readonly jti: string
  readonly client_id: string
  /** Space separated. */
  readonly scope?: string
  readonly [claim: string]: unknown
}

// In seconds this is the year 2242: whatever is beyond was written in milliseconds, or in bad faith.
const dateClaim = z.number().min(0).max(0x1_ffff_ffff)
const text = z.string().min(1)

const claimsSchema = z.object({
  iss: text,
  sub: text,
  aud: z.union([z.string(), z.array(z.string())]),
  exp: dateClaim,
  iat: dateClaim,
  nbf: dateClaim.optional(),
  jti: text,
  client_id: text,
  scope: z.string().optional(),
})

/**
 * Reads the payload of a token whose signature holds: the claims every access token must have,
 * each of its type.
 *
 * @returns a frozen object without a prototype: a claim called `__proto__` or `constructor` is a
 *   claim like any other. `undefined` when a required claim is missing or of another type.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9068.html#section-2.2 RFC 9068, section 2.2}
 */
export function parseClaims(payload: object): AccessTokenClaims | undefined {
  if (!claimsSchema.safeParse(payload).success) return undefined
  const claims = Object.assign(Object.create(null), payload) as AccessTokenClaims
  return Object.freeze(claims)
}

/** The scopes a token was granted. */
export function scopesOf(claims: AccessTokenClaims): string[] {
  return claims.scope?.split(' ').filter((scope) => scope !== '') ?? []
}

/**
 * Whether a client acts for itself: its `sub` is its own `client_id`. A client that has the same
 * name as a person is thus never taken for the person.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9068.html#section-5 RFC 9068, section 5}
 */
export function isClientToken(claims: AccessTokenClaims): boolean {
  return claims.sub === claims.client_id
}
