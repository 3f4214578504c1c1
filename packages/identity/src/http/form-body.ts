import { Buffer } from 'node:buffer'
import type { Context } from './context.ts'

const limit = 16 * 1024

/**
 * Reads a posted form.
 *
 * @returns `undefined` when it is not a form, too long, or has a field twice.
 */
export async function readForm(ctx: Context): Promise<ReadonlyMap<string, string> | undefined> {
  if (!ctx.is('application/x-www-form-urlencoded')) return undefined
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of ctx.req) {
    size += chunk.length
    if (size > limit) return undefined
    chunks.push(chunk)
  }
  const fields = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(Buffer.concat(chunks).toString('utf8'))) {
    if (fields.has(name)) return undefined
    fields.set(name, value)
  }
  return fields
}
