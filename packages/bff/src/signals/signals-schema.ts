import type { Secret } from '@sallyport/core'
import { issuerIdentifier, secureUrl, strictObject } from '@sallyport/core/options'
import * as z from 'zod'
import { secret } from '../options/secret.ts'
import type { SignalsConfig, SignalsOptions } from './signals-options.ts'

/** Credentials that fit into a header (RFC 6750 section 2.1). */
const bearer = secret.refine(
  (value: Secret) => /^[\w.~+/-]+=*$/.test(value.reveal()),
  'must be of letters, digits and -._~+/ only',
)

/** Checks {@link SignalsOptions}. */
export const signals = strictObject({
  issuer: issuerIdentifier,
  jwksUri: secureUrl.optional(),
  audience: z.string().min(1),
  push: strictObject({
    authorization: bearer
      .refine((value) => value.reveal().length >= 32, 'must have at least 32 characters')
      .optional(),
  }).optional(),
  poll: strictObject({
    endpointUrl: secureUrl,
    authorization: bearer.optional(),
    interval: z.int().min(1).max(3600).default(5),
    longPoll: z.int().min(0).max(300).default(0),
  }).optional(),
}).refine(
  ({ push, poll }) => push !== undefined || poll !== undefined,
  'must have push or poll',
) satisfies z.ZodType<SignalsConfig, SignalsOptions>
