import type { Secret } from '@sallyport/core'
import * as z from 'zod'

/** A value that does not print. */
export const secret = z.custom<Secret>(
  (value) => typeof value === 'object' && value !== null && 'reveal' in value,
  'must be made with createSecret',
)
