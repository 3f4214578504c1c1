import * as z from 'zod'
import { createSecret, type Secret } from '../secret.ts'

/**
 * A value that does not print. Code wraps it with `createSecret`, which is all that the type knows;
 * out of a configuration file it comes as text.
 */
export const secret = z.union(
  [
    z.custom<Secret>((value) => typeof Object(value).reveal === 'function'),
    z.string().min(1).transform(createSecret),
  ],
  'must be a secret: made with createSecret, or its text',
) as z.ZodType<Secret> as z.ZodType<Secret, Secret>
