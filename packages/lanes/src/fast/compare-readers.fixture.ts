import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { mutatedBytes, readByNode, requestBytes, sentinel } from './request-reader.fixture.ts'
import { readRequest } from './request-reader.ts'

/**
 * Reads bytes by the fast lane's reader and, if that takes them, by node's, which gets them in two
 * parts and another request behind them.
 *
 * @returns whether the fast lane takes them.
 * @throws AssertionError when node reads them in another way.
 */
export async function compareReaders(text: string, split: number): Promise<boolean> {
  const all = Buffer.from(text, 'latin1')
  const read = readRequest(all)
  if (read.kind !== 'request') return false
  const { method, target, headers, headLength, bodyLength = 0, isLast } = read
  const end = headLength + bodyLength
  const missing = Buffer.alloc(Math.max(0, end - all.length), 'x')
  const message = Buffer.concat([all.subarray(0, end), missing])
  const following = Buffer.concat([message, Buffer.from(sentinel)])
  const [first, second] = await readByNode(following, 1 + (split % message.length))
  const own = { method, target, headers, body: message.subarray(headLength).toString('latin1') }
  deepStrictEqual(first, own, JSON.stringify(text))
  if (!isLast) deepStrictEqual(second?.target, '/the-next', JSON.stringify(text))
  return true
}

/** Kinds of requests that are odd here and there, and what is to be true of each. */
export const oddRequests = [
  ['requests that are odd in a place or two', requestBytes],
  ['requests with some bytes changed', mutatedBytes],
] as const

/** @param onTaken called for each request that the fast lane takes. */
export function sameReading(bytes: fc.Arbitrary<string>, onTaken: () => void) {
  return fc.asyncProperty(bytes, fc.nat(500), async (text, split) => {
    if (await compareReaders(text, split)) onTaken()
  })
}
