import type { Secret } from '@sallyport/core'
import { distinctBy, secret, strictObject } from '@sallyport/core/options'
import * as z from 'zod'

/** Who may look at sessions and end them, over a listener of its own. */
export interface OperatorOptions {
  /** Where it listens: in plain HTTP, for programs on this machine or behind a TLS proxy of yours. */
  listen: {
    /** @defaultValue '127.0.0.1' */
    host?: string | undefined
    /** Another than that of the gateway. 0: any free port. */
    port: number
  }
  /** Each opens everything. Several, so that one can be rotated, and the log tells who did what. */
  credentials: OperatorCredential[]
}

/** What an operator proves itself with, as a bearer credential. */
export interface OperatorCredential {
  /** Stands in the log for who acts. */
  name: string
  /** At least 32 random characters of base64url, base64 or hex. */
  secret: Secret
}

/** {@link OperatorOptions}, complete. */
export interface OperatorConfig {
  readonly listen: { readonly host: string; readonly port: number }
  readonly credentials: readonly OperatorCredential[]
}

/**
 * What `Authorization: Bearer` can carry, and nobody guesses.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6750.html#section-2.1 RFC 6750, section 2.1}
 */
const secretPattern = /^[A-Za-z0-9\-._~+/]{32,512}=*$/
const leastVariety = 8

const credential = secret.refine(
  (one) => secretPattern.test(one.reveal()) && new Set(one.reveal()).size >= leastVariety,
  'must be at least 32 random characters, base64url, base64 or hex',
)

/** The schema of {@link OperatorOptions}. */
export const operator = strictObject({
  listen: strictObject({
    host: z.string().min(1).default('127.0.0.1'),
    port: z.int().min(0).max(65_535),
  }),
  credentials: distinctBy(
    'name',
    strictObject({ name: z.string().regex(/^[\w.@-]{1,64}$/), secret: credential }),
  )
    .min(1)
    .refine(
      (all) => new Set(all.map((one) => one.secret.reveal())).size === all.length,
      'must not share a secret',
    ),
})
