import { trimBlanks } from '@sallyport/core'
import { type ChunkReader, createChunkReader } from './chunk-reader.ts'
import { ResponseFault } from './response-fault.ts'

/** The head of an upstream's response, and how its body is framed. */
export interface ResponseHead {
  readonly status: number
  /** Flat, names as they came. */
  readonly headers: readonly string[]
  readonly framing: ResponseFraming
  /** Whether the upstream keeps the connection open for another exchange. */
  readonly isReusable: boolean
  /** Seconds that it keeps an idle connection, if it says so. */
  readonly keepAlive?: number
}

/** `length` is exact, in bytes; `chunked` says its end; `close` ends with the connection. */
export type ResponseFraming = { length: number } | 'chunked' | 'close'

const longestHead = 64 * 1024
const mostInterim = 16
const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?\r\n/
const fieldLines = /(?:[!#$%&'*+\-.^`|~\w]+:[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n/y
const lengthPattern = /^\d{1,15}$/
const keepAlivePattern = /(?:^|[,\s])timeout=(\d{1,5})(?:$|[,\s])/i

/** Where the parts of a response go. */
export interface ResponseSink {
  head(head: ResponseHead): void
  data(bytes: Buffer): void
}

/** Reads one response from the bytes of a connection. */
export interface ResponseReader {
  /**
   * Takes what came.
   *
   * @returns how many bytes came after the response; `undefined` while it is not complete.
   * @throws ResponseFault for what is not well framed.
   */
  push(bytes: Buffer): number | undefined
  /** Whether the end of the connection, when it comes cleanly, completes the response. */
  readonly endsByClose: boolean
  /** The final response's head, once it has come. */
  readonly head: ResponseHead | undefined
  /** Whether any byte of a response has come. */
  readonly hasBegun: boolean
}

/**
 * Creates a reader for the response to a request of `method`. Interim responses are passed over.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9112.html#section-6.3 RFC 9112, section 6.3}
 */
export function createResponseReader(method: string, sink: ResponseSink): ResponseReader {
  let head: ResponseHead | undefined
  let pending: Buffer | undefined
  let remaining = 0
  let interim = 0
  let hasBegun = false
  /** Most responses have a length. */
  let chunks: ChunkReader | undefined

  function pushHead(bytes: Buffer): number | undefined {
    hasBegun = true
    const all = pending ? Buffer.concat([pending, bytes]) : bytes
    const end = all.indexOf('\r\n\r\n')
    if (end < 0 || end + 4 > longestHead) {
      if (all.length > longestHead) throw new ResponseFault('the head is too long')
      pending = all
      return undefined
    }
    pending = undefined
    const read = readHead(all.toString('latin1', 0, end + 4), method)
    const rest = all.subarray(end + 4)
    if (read.status < 200) {
      interim += 1
      if (read.status === 101 || interim > mostInterim) {
        throw new ResponseFault(`an interim response ${read.status} that was not asked for`)
      }
      return rest.length > 0 ? pushHead(rest) : undefined
    }
    head = read
    sink.head(read)
    if (typeof read.framing === 'object') remaining = read.framing.length
    return pushBody(rest)
  }

  function pushBody(bytes: Buffer): number | undefined {
    const { framing } = head as ResponseHead
    if (framing === 'close') {
      if (bytes.length > 0) sink.data(bytes)
      return undefined
    }
    if (framing !== 'chunked') return pushLength(bytes)
    chunks ??= createChunkReader(sink.data)
    return chunks.push(bytes)
  }

  function pushLength(bytes: Buffer): number | undefined {
    const surplus = bytes.length - remaining
    const own = surplus > 0 ? bytes.subarray(0, remaining) : bytes
    remaining -= own.length
    if (own.length > 0) sink.data(own)
    return remaining === 0 ? Math.max(surplus, 0) : undefined
  }

  return {
    push: (bytes) => (head ? pushBody(bytes) : pushHead(bytes)),

    get endsByClose() {
      return head?.framing === 'close'
    },

    get head() {
      return head
    },

    get hasBegun() {
      return hasBegun
    },
  }
}

function readHead(text: string, method: string): ResponseHead {
  const line = statusLine.exec(text)
  if (!line) throw new ResponseFault('the status line is malformed')
  fieldLines.lastIndex = line[0].length
  if (!fieldLines.test(text) || fieldLines.lastIndex !== text.length) {
    throw new ResponseFault('a field line is malformed')
  }
  const status = Number(line[2])
  const headers: string[] = []
  const fields: FramingFields = { isReusable: line[1] === '1' }
  for (let at = line[0].length; at < text.length - 2; ) {
    const colon = text.indexOf(':', at)
    const lineEnd = text.indexOf('\r\n', colon)
    const name = text.slice(at, colon)
    const value = trimBlanks(text.slice(colon + 1, lineEnd))
    headers.push(name, value)
    noteFraming(fields, name, value)
    at = lineEnd + 2
  }
  const { isReusable, keepAlive } = fields
  const framing = framingOf(fields, status, method)
  return {
    ...{ status, headers, framing, isReusable: isReusable && framing !== 'close' },
    ...(keepAlive !== undefined && { keepAlive }),
  }
}

interface FramingFields {
  isReusable: boolean
  length?: number
  coding?: string
  keepAlive?: number
}

/** Two lengths, or two codings, can be read in two ways, even when they are equal. */
function noteFraming(fields: FramingFields, name: string, value: string): void {
  // Nothing that matters here is shorter or longer, and most fields are neither.
  if (name.length !== 14 && name.length !== 17 && name.length !== 10) return
  switch (name.toLowerCase()) {
    case 'content-length':
      if (fields.length !== undefined || !lengthPattern.test(value)) {
        throw new ResponseFault('Content-Length is repeated or malformed')
      }
      fields.length = Number(value)
      return
    case 'transfer-encoding':
      if (fields.coding !== undefined || value.toLowerCase() !== 'chunked') {
        throw new ResponseFault('Transfer-Encoding is repeated, or not chunked')
      }
      fields.coding = value
      return
    case 'connection':
      if (/(?:^|[,\s])close(?:$|[,\s])/i.test(value)) fields.isReusable = false
      return
    case 'keep-alive': {
      const seconds = keepAlivePattern.exec(value)?.[1]
      if (seconds !== undefined) fields.keepAlive = Number(seconds)
    }
  }
}

function framingOf(
  { length, coding }: FramingFields,
  status: number,
  method: string,
): ResponseFraming {
  if (length !== undefined && coding !== undefined) {
    throw new ResponseFault('both Content-Length and Transfer-Encoding')
  }
  if (method === 'HEAD' || status === 204 || status === 304 || status < 200) return { length: 0 }
  if (coding !== undefined) return 'chunked'
  return length === undefined ? 'close' : { length }
}
