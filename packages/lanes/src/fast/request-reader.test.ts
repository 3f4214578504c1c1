import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareReaders, oddRequests, sameReading } from './compare-readers.fixture.ts'
import { readRequest } from './request-reader.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')
const head = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`
const plain = head('GET /api/orders?page=2 HTTP/1.1', 'Host: shop.test', 'X-CSRF:  1 ')

describe('a plain request', () => {
  test('is read with its names in lower case and its values trimmed', () => {
    expect(readRequest(bytes(plain))).toEqual({
      kind: 'request',
      method: 'GET',
      target: '/api/orders?page=2',
      headers: ['host', 'shop.test', 'x-csrf', '1'],
      headLength: plain.length,
      bodyLength: undefined,
      isLast: false,
    })
  })

  test('is incomplete up to its last byte, and the same at whatever byte it is split', () => {
    for (let end = 1; end < plain.length; end += 1) {
      expect(readRequest(bytes(plain.slice(0, end))).kind).toBe('incomplete')
    }
  })

  test('has a body of the length it announces', () => {
    const post = head('POST / HTTP/1.1', 'host: a', 'content-length: 12', 'connection: close')
    expect(readRequest(bytes(`${post}hello`))).toMatchObject({ bodyLength: 12, isLast: true })
  })
})

test.each([
  ['another method', 'target', head('PROPFIND / HTTP/1.1', 'host: a')],
  ['a lower-case method', 'target', head('get / HTTP/1.1', 'host: a')],
  ['HTTP/1.0', 'target', head('GET / HTTP/1.0', 'host: a')],
  ['an escape in the path', 'target', head('GET /%2e HTTP/1.1', 'host: a')],
  ['absolute form', 'target', head('GET http://a/ HTTP/1.1', 'host: a')],
  ['asterisk form', 'target', head('OPTIONS * HTTP/1.1', 'host: a')],
  ['an empty line before', 'target', `\r\n${head('GET / HTTP/1.1', 'host: a')}`],
  ['a bare line feed', 'syntax', 'GET / HTTP/1.1\r\nhost: a\nb: c\r\n\r\n'],
  ['a folded line', 'syntax', head('GET / HTTP/1.1', 'host: a', ' b')],
  ['a tab in a value', 'syntax', head('GET / HTTP/1.1', 'host: a', 'b: c\td')],
  ['a byte above 7E', 'syntax', head('GET / HTTP/1.1', 'host: a', 'b: \xe9')],
  ['an underscore in a name', 'syntax', head('GET / HTTP/1.1', 'host: a', 'x_b: c')],
  ['no field', 'syntax', 'GET / HTTP/1.1\r\n\r\n'],
  ['no host', 'field', head('GET / HTTP/1.1', 'a: b')],
  ['two hosts', 'field', head('GET / HTTP/1.1', 'host: a', 'host: a')],
  ['Transfer-Encoding', 'field', head('POST / HTTP/1.1', 'host: a', 'transfer-encoding: chunked')],
  ['Upgrade', 'field', head('GET / HTTP/1.1', 'host: a', 'upgrade: websocket')],
  ['Expect', 'field', head('POST / HTTP/1.1', 'host: a', 'expect: 100-continue')],
  ['a Connection with a name', 'field', head('GET / HTTP/1.1', 'host: a', 'connection: x-csrf')],
  [
    'two lengths',
    'framing',
    head('POST / HTTP/1.1', 'host: a', 'content-length: 1', 'content-length: 1'),
  ],
  [
    'a length with a zero before',
    'framing',
    head('POST / HTTP/1.1', 'host: a', 'content-length: 01'),
  ],
  ['a length with a sign', 'framing', head('POST / HTTP/1.1', 'host: a', 'content-length: +1')],
  ['a head of 13 KiB', 'size', head('GET / HTTP/1.1', 'host: a', `b: ${'c'.repeat(13 * 1024)}`)],
  ['line feeds alone', 'syntax', 'GET / HTTP/1.1\nhost: a\n\n'],
  ['a head that ends in CR X', 'syntax', 'GET / HTTP/1.1\r\nhost: a\r\n\rX'],
  ['the beginning of a TLS handshake', 'target', '\x16\x03\x01'],
  ['13 KiB of an endless head', 'size', `GET / HTTP/1.1\r\nb: ${'c'.repeat(13 * 1024)}`],
])('%s is for the node lane (%s)', (_, reason, text) => {
  expect(readRequest(bytes(text))).toEqual({ kind: 'other', reason })
})

describe('A124: whatever is accepted, node reads in the same way', () => {
  test.each(oddRequests)('%s', async (_, bytes) => {
    let taken = 0
    const property = sameReading(bytes, () => {
      taken += 1
    })
    await fc.assert(property, { numRuns: 12_000 })
    expect(taken).toBeGreaterThan(600)
  })

  test('split at every byte', async () => {
    const post = head('POST /api HTTP/1.1', 'host: a', 'content-length: 5')
    for (const text of [plain, `${post}hello`]) {
      for (let split = 0; split < text.length; split += 1) {
        expect(await compareReaders(text, split)).toBe(true)
      }
    }
  })
})
