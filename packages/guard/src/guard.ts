import { createSecret, type ErrorCode, errorCode, type Secret } from '@sallyport/core'
import {
  issuerIdentifier,
  parseOptions,
  scopeToken,
  secureUrl,
  strictObject,
} from '@sallyport/core/options'
import { z } from 'zod'
import { type AccessTokenClaims, isClientToken, scopesOf } from './access-token-claims.ts'
import { type GuardRequest, readBearerToken } from './bearer-token.ts'
import { type GuardContext, resolveContext } from './context.ts'
import { timeoutSeconds } from './fetch-json.ts'
import { createIssuerKeys } from './issuer-keys.ts'
import { type Refusal, refuse } from './refusal.ts'
import { type VerifyConfig, verifyAccessToken } from './verify-access-token.ts'

/** A signature algorithm that can be allowed: all asymmetric. */
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number]

const signatureAlgorithms = [
  'ES256',
  'ES384',
  'ES512',
  'Ed25519',
  'EdDSA',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
] as const

/** Whose access tokens an API accepts. */
export interface GuardOptions {
  /** Must equal `iss`, character by character. https, or http on loopback. */
  issuer: string
  /** This API's resource identifier; must be in `aud` (RFC 8707). */
  audience: string
  /** Where the issuer's keys are. @defaultValue `jwks_uri` of the issuer's metadata */
  jwksUri?: string
  /** @defaultValue ES256, Ed25519, EdDSA, PS256, RS256 */
  algorithms?: readonly SignatureAlgorithm[]
  /** Seconds of clock difference to forgive, at most 60. @defaultValue 5 */
  clockTolerance?: number
  /** Whole seconds to wait for the issuer's answer. @defaultValue 5 */
  timeout?: number
}

/** What a request needs to be let through. */
export interface Requirement {
  /** All of them must have been granted. Empty: any valid token will do. */
  scopes: readonly string[]
  /** `person`: refuse clients that act for themselves. @defaultValue 'any' */
  subject?: 'any' | 'person'
}

/** A request that is let through. */
export interface Permission {
  allowed: true
  claims: AccessTokenClaims
  /** To exchange it for a token of the next API. Never to pass it on as it is. */
  accessToken: Secret
}

/** Stands before an API: lets requests through that bring an access token made for it. */
export interface Guard {
  /**
   * Judges one request. Never rejects for what a request brings; a refusal is a value, ready to
   * be sent.
   *
   * @throws TypeError for a requirement that is not one.
   */
  authorize(request: GuardRequest, requirement: Requirement): Promise<Permission | Refusal>

  /**
   * The answer for a failure behind the guard, such as one of a token exchange: the code's problem,
   * with this API's challenge where a new token would help.
   */
  refuse(code: ErrorCode): Refusal
}

const optionsSchema = strictObject({
  issuer: issuerIdentifier,
  audience: z.string().regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, {
    error: 'must be visible ASCII without quote and backslash',
  }),
  jwksUri: secureUrl.optional(),
  algorithms: z
    .array(z.enum(signatureAlgorithms))
    .min(1)
    .default(['ES256', 'Ed25519', 'EdDSA', 'PS256', 'RS256']),
  clockTolerance: z.number().min(0).max(60).default(5),
  timeout: timeoutSeconds,
})

const requirementSchema = strictObject({
  scopes: z.array(scopeToken),
  subject: z.enum(['any', 'person']).optional(),
})

/**
 * Creates the guard of an API. Nothing is fetched before the first token arrives.
 *
 * Checks the token, the scopes and the kind of subject. Does not check whether the subject may
 * see the very object it asks for: that only the API can know. Does not ask the issuer whether a
 * token was revoked, and refuses sender-constrained tokens (`cnf`).
 *
 * @throws `ERR_CONFIG_INVALID` for options that cannot be used.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9068.html RFC 9068},
 *   {@link https://www.rfc-editor.org/rfc/rfc6750.html RFC 6750}
 *
 * @example
 * ```ts
 * const guard = createGuard({ issuer: 'https://id.example', audience: 'https://api.example' })
 * const answer = await guard.authorize(
 *   { url: request.url, headers: request.rawHeaders },
 *   { scopes: ['orders.read'] },
 * )
 * if (answer.allowed) console.log(answer.claims.sub)
 * ```
 */
export function createGuard(options: GuardOptions, context: GuardContext = {}): Guard {
  const resolved = resolveContext(context)
  const parsed = parseOptions(optionsSchema, options, 'guard')
  const config: VerifyConfig = { ...parsed, keys: createIssuerKeys(parsed, resolved) }
  const realm = config.audience
  const log = resolved.telemetry?.log

  return {
    refuse: (code) => refuse(code, realm),

    async authorize(request, requirement) {
      const { scopes } = parseRequirement(requirement)
      const bearer = readBearerToken(request)
      if (bearer.kind === 'absent') return refuse('ERR_TOKEN_MISSING', realm)
      if (bearer.kind === 'malformed') {
        log?.warn({ reason: bearer.reason }, 'Request refused')
        return refuse('ERR_REQUEST_INVALID', realm)
      }
      try {
        const claims = await verifyAccessToken(bearer.accessToken, config, resolved)
        if (permits(claims, requirement)) {
          return { allowed: true, claims, accessToken: createSecret(bearer.accessToken) }
        }
        const { sub, client_id } = claims
        log?.warn({ sub, client_id, scopes }, 'Access token does not allow this')
        return refuse('ERR_SCOPE_INSUFFICIENT', realm, { scopes })
      } catch (error) {
        const code = errorCode(error)
        log?.warn({ code, reason: (error as Error).message }, 'Access token refused')
        return refuse(code, realm)
      }
    },
  }
}

function permits(claims: AccessTokenClaims, requirement: Requirement): boolean {
  if (requirement.subject === 'person' && isClientToken(claims)) return false
  const granted = new Set(scopesOf(claims))
  return requirement.scopes.every((scope) => granted.has(scope))
}

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
