import type { IncomingMessage } from 'node:http'
import { readBounded } from '@sallyport/core'

/** Whether a request announces a body; an announced length of 0 is none. */
export function hasBody(request: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers
  return coding !== undefined || (length !== undefined && length !== '0')
}

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
