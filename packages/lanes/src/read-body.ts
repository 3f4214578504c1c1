import type { IncomingMessage } from 'node:http'
import { readBounded } from '@sallyport/core'

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
  try {
    const body = await readBounded(request.iterator({ destroyOnReturn: false }), limit)
    return body?.toString('utf8')
  } finally {
    clearTimeout(timer)
  }
}
