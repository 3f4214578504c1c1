import { readBounded } from '@sallyport/core'
import type { Context } from './context.ts'

const limit = 16 * 1024

/**
 * Reads a posted form.
 *
 * @returns `undefined` when it is not a form, too long, or has a field twice.
 */
export async function readForm(ctx: Context): Promise<ReadonlyMap<string, string> | undefined> {
  if (!ctx.is('application/x-www-form-urlencoded')) return undefined
  const body = await readBounded(ctx.req, limit)
  if (!body) return undefined
  const fields = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(body.toString('utf8'))) {
    if (fields.has(name)) return undefined
    fields.set(name, value)
  }
  return fields
}
