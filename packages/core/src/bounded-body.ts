/**
 * Reads a body whole. What is longer than `limit` bytes is given up as soon as that shows: its
 * source is told, and the rest is not read.
 *
 * @returns `undefined` when it is longer.
 */
export async function readBounded(
  body: AsyncIterable<Uint8Array> | null,
  limit: number,
): Promise<Buffer<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    size += chunk.length
    if (size > limit) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Statuses whose answers have no body, also no empty one (Fetch standard, section 2.2.3). */
const nullBodyStatuses = new Set([101, 103, 204, 205, 304])

/**
 * Receives an answer of `fetch` whole, so that whoever reads it later needs neither patience nor
 * room.
 *
 * @param limit bytes of the body.
 * @returns `undefined` when it is longer.
 */
export async function receiveBounded(
  response: Response,
  limit: number,
): Promise<Response | undefined> {
  const body = await readBounded(response.body, limit)
  if (!body) return undefined
  const { status, statusText, headers } = response
  return new Response(nullBodyStatuses.has(status) ? null : body, { status, statusText, headers })
}
