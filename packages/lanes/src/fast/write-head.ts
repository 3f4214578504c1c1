import { STATUS_CODES } from 'node:http'
import type { HeaderList } from '@sallyport/bff'
import type { ResponseHead } from './response-reader.ts'

/** Anything that is no field value in latin1: a character above it could lose its upper byte. */
const notValue = /[^\t\x20-\x7e\x80-\xff]/
const notName = /[^!#$%&'*+\-.^`|~\w]/
const notTarget = /[^\x21-\x7e]/

/**
 * The head of a request to an upstream.
 *
 * @param bodyLength `undefined` when the request announced none.
 * @throws TypeError when anything in it could break out of its place.
 */
export function writeRequestHead(
  method: string,
  path: string,
  { headers, bodyLength }: { headers: HeaderList; bodyLength: number | undefined },
): string {
  if (notTarget.test(path))
    throw new TypeError('the path has a character that breaks the request line')
  const framing = bodyLength === undefined ? '' : `content-length: ${bodyLength}\r\n`
  return `${method} ${path} HTTP/1.1\r\n${writeFields(headers)}${framing}\r\n`
}

/**
 * The head of a response, with a `Date` if it has none.
 *
 * @param framing whole field lines.
 * @throws TypeError when anything in it could break out of its place.
 */
export function writeResponseHead(status: number, headers: HeaderList, framing: string): string {
  const fields = writeFields(headers)
  const date = hasField(headers, 'date') ? '' : `date: ${httpDate()}\r\n`
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${fields}${date}${framing}\r\n`
}

/** An answer without a body still says how long one would be; a 204 may not (RFC 9110 8.6). */
export function lengthLine({ framing, status, headers }: ResponseHead): string {
  if (status === 204) return ''
  if (typeof framing === 'object' && framing.length > 0) {
    return `content-length: ${framing.length}\r\n`
  }
  for (let i = 0; i < headers.length; i += 2) {
    const isLength = headers[i]?.toLowerCase() === 'content-length'
    if (isLength) return `content-length: ${Number(headers[i + 1])}\r\n`
  }
  return ''
}

function writeFields(headers: HeaderList): string {
  let text = ''
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string
    const value = headers[i + 1] as string
    if (notValue.test(value) || notName.test(name)) {
      throw new TypeError(`the field ${JSON.stringify(name)} would break out of its line`)
    }
    text += `${name}: ${value}\r\n`
  }
  return text
}

function hasField(headers: HeaderList, wanted: string): boolean {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] === wanted) return true
  }
  return false
}

let dateText = ''
let dateSecond = 0

function httpDate(): string {
  const second = Math.floor(Date.now() / 1000)
  if (second !== dateSecond) {
    dateSecond = second
    dateText = new Date(second * 1000).toUTCString()
  }
  return dateText
}
