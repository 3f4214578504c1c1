import type { IncomingMessage } from 'node:http'

/** A small body takes no longer than this to arrive. */
const patienceMs = 10_000

/**
 * Reads a body whole.
 *
 * @param limit bytes.
 * @returns `undefined` as soon as it is longer; the rest is not read.
 */
export async function readBody(
  request: IncomingMessage,
  limit: number,
): Promise<string | undefined> {
  const timer = setTimeout(() => request.destroy(), patienceMs)
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      size += chunk.length
      if (size > limit) return undefined
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString('utf8')
  } finally {
    clearTimeout(timer)
  }
}
