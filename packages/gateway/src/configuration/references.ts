import { resolve } from 'node:path'
import { type OptionProblem, SallyportError } from '@sallyport/core'
import { strictObject } from '@sallyport/core/options'
import * as z from 'zod'
import { parseJson } from './parse-json.ts'
import { type Reading, readSecret } from './read-text.ts'

/** Where references lead. */
export interface ReferenceSource {
  /** Absolute; what relative paths start from. */
  readonly folder: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly reading: Reading
}

/** What stands in a configuration file for a value that is elsewhere. */
export const reference = strictObject({
  $file: z.string().min(1).optional(),
  $env: z.string().min(1).optional(),
  $parse: z.literal('json').optional(),
}).refine(
  ({ $file, $env }) => ($file === undefined) !== ($env === undefined),
  'must have either $file or $env',
)

/**
 * Puts what references name in their place, wherever they stand.
 *
 * @returns the value, and what could not be had; then the value is of no use
 */
export async function resolveReferences(
  value: unknown,
  source: ReferenceSource,
): Promise<{ value: unknown; problems: OptionProblem[] }> {
  const problems: OptionProblem[] = []
  return { value: await resolveAt([], value), problems }

  async function resolveAt(path: OptionProblem['path'], value: unknown): Promise<unknown> {
    if (typeof value !== 'object' || value === null) return value
    if (path.length > 0 && isReference(value)) return resolveOne(path, value)
    if (Array.isArray(value)) {
      return Promise.all(value.map((entry, i) => resolveAt([...path, i], entry)))
    }
    const members = Object.entries(value).map(async ([name, member]) => {
      return [name, await resolveAt([...path, name], member)] as const
    })
    return Object.fromEntries(await Promise.all(members))
  }

  async function resolveOne(path: OptionProblem['path'], value: object): Promise<unknown> {
    const { success, data, error } = reference.safeParse(value)
    if (!success) {
      for (const { message } of error.issues) problems.push({ path, message })
      return undefined
    }
    try {
      const text = await readReference(data, source)
      return data.$parse ? parseJson(text) : text
    } catch (cause) {
      if (!(cause instanceof SallyportError || cause instanceof SyntaxError)) throw cause
      problems.push({ path, message: cause.message })
      return undefined
    }
  }
}

function isReference(value: object): boolean {
  return Object.keys(value).some((name) => name.startsWith('$'))
}

async function readReference(
  { $file, $env }: z.output<typeof reference>,
  { folder, environment, reading }: ReferenceSource,
): Promise<string> {
  if ($file !== undefined) return readSecret(resolve(folder, $file), reading)
  const text = environment[String($env)]
  if (text) return text
  const problem = text === undefined ? 'is not set' : 'is empty'
  throw new SallyportError('ERR_CONFIG_INVALID', `the environment variable ${$env} ${problem}`)
}
