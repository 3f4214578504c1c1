import { ResponseFault } from './response-fault.ts'

/** Undoes the chunked coding, strictly: no bare line feeds, no signs, bounded sizes. */
export interface ChunkReader {
  /**
   * Takes what came, and gives on the data in it.
   *
   * @returns how many bytes came after the body's end; `undefined` while it is not complete.
   * @throws ResponseFault
   */
  push(bytes: Buffer): number | undefined
}

const longestLine = 4096
const longestTrailers = 16 * 1024
/** At most 2^52 bytes. Extensions are passed over: nobody may depend on one (RFC 9112 7.1.1). */
const sizeLine = /^([0-9A-Fa-f]{1,13})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?$/
const trailerLine = /^[!#$%&'*+\-.^`|~\w]+:[\t\x20-\x7e\x80-\xff]*$/

/**
 * Creates a reader of one chunked body. Trailer fields are checked and dropped, as a recipient
 * may (RFC 9110 section 6.5.1).
 *
 * @param onData given views that are good until it returns.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9112.html#section-7.1 RFC 9112, section 7.1}
 */
export function createChunkReader(onData: (bytes: Buffer) => void): ChunkReader {
  let state: 'size' | 'data' | 'data-end' | 'trailer' | 'done' = 'size'
  let remaining = 0
  let line = ''
  let trailerBytes = 0

  /** The next line, without its end; `undefined` while it is not complete. */
  function takeLine(bytes: Buffer, from: number): { text: string; next: number } | undefined {
    const feed = bytes.indexOf(0x0a, from)
    const part = bytes.toString('latin1', from, feed < 0 ? bytes.length : feed + 1)
    line += part
    if (line.length > longestLine) throw new ResponseFault('a line of the chunked body is too long')
    if (feed < 0) return undefined
    if (!line.endsWith('\r\n')) throw new ResponseFault('a line of the chunked body has a bare LF')
    const text = line.slice(0, -2)
    line = ''
    return { text, next: feed + 1 }
  }

  function takeSize(text: string): void {
    const size = sizeLine.exec(text)?.[1]
    if (size === undefined) throw new ResponseFault('a chunk size is malformed')
    remaining = Number.parseInt(size, 16)
    state = remaining === 0 ? 'trailer' : 'data'
  }

  function takeTrailer(text: string): void {
    if (text === '') {
      state = 'done'
      return
    }
    trailerBytes += text.length
    if (trailerBytes > longestTrailers || !trailerLine.test(text)) {
      throw new ResponseFault('a trailer field is malformed')
    }
  }

  return {
    push(bytes) {
      let at = 0
      while (at < bytes.length && state !== 'done') {
        if (state === 'data') {
          const end = Math.min(at + remaining, bytes.length)
          onData(bytes.subarray(at, end))
          remaining -= end - at
          at = end
          if (remaining === 0) state = 'data-end'
          continue
        }
        const taken = takeLine(bytes, at)
        if (!taken) break
        at = taken.next
        if (state === 'size') takeSize(taken.text)
        else if (state === 'trailer') takeTrailer(taken.text)
        else if (taken.text === '') state = 'size'
        else throw new ResponseFault('a chunk is longer than its size')
      }
      return state === 'done' ? bytes.length - at : undefined
    },
  }
}
