import type { Secret } from '@sallyport/core'
import { defaultSignatureAlgorithms, signatureAlgorithms } from '@sallyport/core/access-token'
import { type DpopAlgorithm, defaultDpopAlgorithms, dpopAlgorithms } from '@sallyport/core/dpop'
import {
  httpUrl,
  issuerIdentifier,
  parseOptions,
  secureUrl,
  strictObject,
} from '@sallyport/core/options'
import { z } from 'zod'
import { timeoutSeconds } from './fetch-json.ts'

/** A signature algorithm that can be allowed: all asymmetric. */
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number]

/** Whose access tokens an API accepts, and how they must be presented. */
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
  /**
   * Where clients reach what this API sees as `/`: what `htu` of a DPoP proof must begin with. The
   * `Host` header of a request does not count.
   *
   * @defaultValue `audience`, when that is an http(s) URL
   */
  publicUrl?: string
  /**
   * Tokens that are bound to a key (RFC 9449). `accepted`: they need a proof, others are bearer
   * tokens as ever. `required`: no other token will do. `off`: they are refused.
   *
   * @defaultValue `accepted` when there is a `publicUrl`, else `off`
   */
  dpop?: 'accepted' | 'required' | 'off'
  /** What proofs may be signed with. @defaultValue ES256, Ed25519, EdDSA, PS256 */
  dpopAlgorithms?: readonly DpopAlgorithm[]
  /** Seconds a proof is good for, at most 300. @defaultValue 60 */
  dpopMaxAge?: number
  /**
   * Demands nonces of this server in proofs, derived from this: at least 32 random bytes, base64url,
   * the same for all instances of the API. @defaultValue no nonces
   */
  dpopNonceSecret?: Secret
}

/** Options that are complete. */
export type GuardConfig = Readonly<z.output<typeof optionsSchema>> & {
  readonly dpop: 'accepted' | 'required' | 'off'
}

const algorithmNames = Object.keys(dpopAlgorithms) as DpopAlgorithm[]

const optionsSchema = strictObject({
  issuer: issuerIdentifier,
  audience: z.string().regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, {
    error: 'must be visible ASCII without quote and backslash',
  }),
  jwksUri: secureUrl.optional(),
  algorithms: z
    .array(z.enum(signatureAlgorithms))
    .min(1)
    .default([...defaultSignatureAlgorithms]),
  clockTolerance: z.number().min(0).max(60).default(5),
  timeout: timeoutSeconds,
  publicUrl: httpUrl.refine((url) => !url.includes('?'), 'must not contain a query').optional(),
  dpop: z.enum(['accepted', 'required', 'off']).optional(),
  dpopAlgorithms: z
    .array(z.enum(algorithmNames))
    .min(1)
    .default([...defaultDpopAlgorithms]),
  dpopMaxAge: z.int().min(1).max(300).default(60),
  dpopNonceSecret: z
    .custom<Secret>((value) => typeof (value as Secret | null)?.reveal === 'function', {
      error: 'must be a Secret',
    })
    .optional(),
})

const completeSchema = optionsSchema
  .transform((options) => {
    const publicUrl = options.publicUrl ?? httpUrl.safeParse(options.audience).data
    return { ...options, publicUrl, dpop: options.dpop ?? (publicUrl ? 'accepted' : 'off') }
  })
  .refine(({ dpop, publicUrl }) => dpop === 'off' || publicUrl !== undefined, {
    error: 'is needed for DPoP, as the audience is no http(s) URL',
    path: ['publicUrl'],
  })

/**
 * Completes options.
 *
 * @throws `ERR_CONFIG_INVALID` when they cannot be used.
 */
export function parseGuardOptions(options: GuardOptions): GuardConfig {
  return parseOptions(completeSchema, options, 'guard')
}
