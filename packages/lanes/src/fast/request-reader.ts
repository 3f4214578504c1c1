import { trimBlanks } from '@sallyport/core'

/** A request head that any parser reads the same way, and where its message ends. */
export interface PlainRequest {
  readonly kind: 'request'
  readonly method: string
  readonly target: string
  /** Flat, names in lower case. */
  readonly headers: readonly string[]
  /** Bytes of the head, the empty line included. */
  readonly headLength: number
  /** Bytes of the body that follows; `undefined` when none was announced. */
  readonly bodyLength: number | undefined
  /** Whether the client asks for the connection to end with this exchange. */
  readonly isLast: boolean
}

/** Why the node lane has to read a request: labels of few values, for metrics. */
export const handOverReasons = [
  'target',
  'syntax',
  'field',
  'framing',
  'size',
  'pipelined',
  'endpoint',
  'decision',
  'slow',
] as const

export type HandOverReason = (typeof handOverReasons)[number]

export type RequestReading =
  | PlainRequest
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'other'; readonly reason: HandOverReason }

/** Bytes; node's own limit is 16 KiB, and what is near it is for node to judge. */
const longestHead = 12 * 1024

/**
 * Method, target and version as no two parsers could read them differently: no escapes or
 * parameters in the path, no absolute form, nothing but HTTP/1.1.
 */
const requestLine =
  /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (\/[\w\-.~/]*(?:\?[\w\-.~/?=&%+,:;@!$'()*]*)?) HTTP\/1\.1\r\n/
const fieldLines = /(?:[A-Za-z0-9-]+:[\x20-\x7e]*\r\n)+\r\n/y
const lengthPattern = /^(?:0|[1-9]\d{0,14})$/

/** What changes how a message is framed, or what the connection is used for. */
const otherFields = new Set([
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const incomplete = { kind: 'incomplete' } as const

/**
 * Reads a request head at the start of `bytes`, by a grammar narrower than that of any HTTP/1.1
 * parser. Whatever it does not accept is `other`; it never repairs and never guesses.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9112.html#section-2 RFC 9112, section 2}
 */
export function readRequest(bytes: Buffer): RequestReading {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return readPart(bytes)
  const headLength = end + 4
  if (headLength > longestHead) return other('size')
  const text = bytes.toString('latin1', 0, headLength)
  const line = requestLine.exec(text)
  if (!line) return other('target')
  const start = line[0].length
  fieldLines.lastIndex = start
  if (!fieldLines.test(text) || fieldLines.lastIndex !== headLength) return other('syntax')
  return readFields({
    text,
    start,
    headLength,
    method: line[1] as string,
    target: line[2] as string,
  })
}

/** What can become no plain request any more need not wait for its end, which may not come. */
function readPart(bytes: Buffer): RequestReading {
  if (bytes.length > longestHead) return other('size')
  const text = bytes.toString('latin1')
  if (!/^[A-Z]/.test(text)) return other('target')
  return /(?<!\r)\n|\r(?!\n|$)|\0/.test(text) ? other('syntax') : incomplete
}

interface Head {
  text: string
  start: number
  headLength: number
  method: string
  target: string
}

function readFields({ text, start, headLength, method, target }: Head): RequestReading {
  const headers: string[] = []
  let bodyLength: number | undefined
  let hosts = 0
  let isLast = false
  for (let at = start; at < headLength - 2; ) {
    const colon = text.indexOf(':', at)
    const lineEnd = text.indexOf('\r\n', colon)
    const name = text.slice(at, colon).toLowerCase()
    const value = trimBlanks(text.slice(colon + 1, lineEnd))
    headers.push(name, value)
    at = lineEnd + 2
    if (name === 'host') {
      hosts += 1
    } else if (name === 'content-length') {
      if (bodyLength !== undefined || !lengthPattern.test(value)) return other('framing')
      bodyLength = Number(value)
    } else if (name === 'connection') {
      if (value === 'close') isLast = true
      else if (value !== 'keep-alive') return other('field')
    } else if (otherFields.has(name)) {
      return other('field')
    }
  }
  if (hosts !== 1) return other('field')
  return { kind: 'request', method, target, headers, headLength, bodyLength, isLast }
}

function other(reason: HandOverReason): RequestReading {
  return { kind: 'other', reason }
}
