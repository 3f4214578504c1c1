import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import { type ApiAnswer, problemAnswer } from './answer.ts'

/** A body that was read, or the answer that says what is wrong with it. */
export type JsonBody<T> = { ok: true; value: T } | { ok: false; answer: ApiAnswer }

const maxBytes = 64 * 1024

/** Reads a request's JSON body, at most 64 KiB, and holds it against a schema. */
export async function readJsonBody<T extends z.ZodType>(
  request: IncomingMessage,
  schema: T,
): Promise<JsonBody<z.output<T>>> {
  const contentType = request.headers['content-type'] ?? ''
  if (!/^application\/json *(;|$)/i.test(contentType)) {
    return rejected('The body must be application/json')
  }
  const text = await readText(request)
  if (text === undefined) return rejected(`The body must not be longer than ${maxBytes} bytes`)
  const json = parseJson(text)
  if (!json) return rejected('The body is not JSON')
  const result = schema.safeParse(json.value)
  if (result.success) return { ok: true, value: result.data }
  return rejected(result.error.issues.map(describeIssue).join('; '))
}

async function readText(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  // The rest of a body that is too long is read and dropped, so that the answer can be received.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length <= maxBytes) chunks.push(chunk)
    else if (length > 16 * maxBytes) break
  }
  return length > maxBytes ? undefined : Buffer.concat(chunks).toString('utf8')
}

function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

function describeIssue({ path, message }: z.core.$ZodIssue): string {
  return path.length > 0 ? `${path.join('.')}: ${message}` : message
}

function rejected(detail: string): { ok: false; answer: ApiAnswer } {
  return { ok: false, answer: problemAnswer('ERR_REQUEST_INVALID', detail) }
}
