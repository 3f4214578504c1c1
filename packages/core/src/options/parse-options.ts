import type * as z from 'zod'
import { optionsError } from './options-error.ts'

/**
 * Holds what a user wrote against its schema, and gives it back typed, complete and frozen
 * (itself: not what is inside).
 *
 * The message of the error lists all problems, one a line, each with its path. It says what was
 * expected and never what was there, which may be a secret. Schemas keep to that too.
 *
 * @param name whose options they are, such as `bff`; stands in the message
 * @throws `ERR_CONFIG_INVALID` for options that do not fit.
 *
 * @example
 * ```ts
 * const schema = strictObject({ issuer: issuerIdentifier, timeout: z.int().positive().default(5) })
 * const { issuer, timeout } = parseOptions(schema, options, 'reporter')
 * ```
 */
export function parseOptions<Schema extends z.ZodType>(
  schema: Schema,
  options: unknown,
  name: string,
): Readonly<z.output<Schema>> {
  const result = schema.safeParse(options)
  if (result.success) return Object.freeze(result.data)
  const problems = result.error.issues.map(({ path, message }) => ({
    path: path.map((key) => (typeof key === 'symbol' ? String(key) : key)),
    message,
  }))
  throw optionsError(`${name} options`, problems)
}
