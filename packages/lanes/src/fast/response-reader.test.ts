import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createResponseReader, type ResponseHead } from './response-reader.ts'

const head = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`

/** Reads a response that comes in pieces, cut before each of these bytes. */
function read(text: string, { method = 'GET', cuts = [] as number[] } = {}) {
  const heads: ResponseHead[] = []
  let body = ''
  const reader = createResponseReader(method, {
    head: (given) => heads.push(given),
    data: (bytes) => {
      body += bytes.toString('latin1')
    },
  })
  let surplus: number | undefined
  const ends = [...cuts, text.length]
  ends.reduce((start, end) => {
    if (surplus === undefined) surplus = reader.push(Buffer.from(text.slice(start, end), 'latin1'))
    return end
  }, 0)
  return { head: heads[0], heads: heads.length, body, surplus, endsByClose: reader.endsByClose }
}

const fixed = head('HTTP/1.1 200 OK', 'Content-Length: 5', 'X-A:\t1 ')
const chunked = head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')

describe('a response', () => {
  test.each([
    ['a length', `${fixed}hello`, 'hello'],
    ['a length of 0', head('HTTP/1.1 200 OK', 'Content-Length: 0'), ''],
    ['chunks', `${chunked}3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n`, 'hello'],
    [
      'chunks, extensions and trailers',
      `${chunked}A;a=b\r\n0\r\n\r\n12345\r\n0\r\nT: x\r\n\r\n`,
      '0\r\n\r\n12345',
    ],
    [
      'interim responses before',
      `${head('HTTP/1.1 103 Early Hints', 'Link: </a>')}${fixed}hello`,
      'hello',
    ],
    ['no reason', head('HTTP/1.1 200', 'Content-Length: 0'), ''],
  ])('with %s is the same at whatever byte it is cut', (_, text, body) => {
    expect(read(text)).toMatchObject({ body, surplus: 0, heads: 1 })
    for (let cut = 1; cut < text.length; cut += 1) {
      expect(read(text, { cuts: [cut] })).toMatchObject({ body, surplus: 0, heads: 1 })
    }
    const cuts = Array.from({ length: text.length - 1 }, (_each, i) => i + 1)
    expect(read(text, { cuts })).toMatchObject({ body, surplus: 0, heads: 1 })
  })

  test('has its fields in order, values trimmed', () => {
    const { head: read1 } = read(`${fixed}hello`)
    expect(read1).toMatchObject({ status: 200, headers: ['Content-Length', '5', 'X-A', '1'] })
  })

  test.each([
    ['HEAD', head('HTTP/1.1 200 OK', 'Content-Length: 5')],
    ['HEAD', chunked],
    ['GET', head('HTTP/1.1 204 No Content')],
    ['GET', head('HTTP/1.1 304 Not Modified', 'Content-Length: 5')],
  ])('to %s that has no body is over with its head', (method, text) => {
    expect(read(text, { method })).toMatchObject({ body: '', surplus: 0 })
  })

  test('without a length ends with its connection, and lets nothing follow on it', () => {
    const result = read(`${head('HTTP/1.1 200 OK', 'X: y')}hello`)
    expect(result).toMatchObject({ body: 'hello', surplus: undefined, endsByClose: true })
    expect(result.head?.isReusable).toBe(false)
  })

  test.each([
    ['a length', `${fixed}hello`],
    ['chunks', `${chunked}5\r\nhello\r\n0\r\n\r\n`],
    ['no body', head('HTTP/1.1 204 No Content')],
  ])('A120: with %s: what comes after it is counted, not passed on', (_, text) => {
    const surplus = 'HTTP/1.1 200 OK\r\n\r\n'
    const { body, ...rest } = read(text + surplus)
    expect(rest).toMatchObject({ surplus: surplus.length, heads: 1 })
    expect(body).toBe(read(text).body)
  })

  test.each([
    ['close', head('HTTP/1.1 200 OK', 'Content-Length: 0', 'Connection: close'), false],
    [
      'Close, in a list',
      head('HTTP/1.1 200 OK', 'Content-Length: 0', 'Connection: x, Close'),
      false,
    ],
    ['HTTP/1.0', head('HTTP/1.0 200 OK', 'Content-Length: 0'), false],
    ['keep-alive', head('HTTP/1.1 200 OK', 'Content-Length: 0', 'Connection: keep-alive'), true],
  ])('that says %s is not followed by another, or is', (_, text, isReusable) => {
    expect(read(text).head?.isReusable).toBe(isReusable)
  })

  test('says how long its connection is kept', () => {
    const text = head('HTTP/1.1 200 OK', 'Content-Length: 0', 'Keep-Alive: timeout=7, max=9')
    expect(read(text).head?.keepAlive).toBe(7)
  })
})

test.each([
  [
    'A121: both framings',
    head('HTTP/1.1 200 OK', 'Content-Length: 5', 'Transfer-Encoding: chunked'),
  ],
  ['A121: two lengths', head('HTTP/1.1 200 OK', 'Content-Length: 5', 'Content-Length: 5')],
  ['A121: a list of lengths', head('HTTP/1.1 200 OK', 'Content-Length: 5, 5')],
  ['A121: a signed length', head('HTTP/1.1 200 OK', 'Content-Length: +5')],
  ['A121: another coding', head('HTTP/1.1 200 OK', 'Transfer-Encoding: gzip, chunked')],
  ['A121: 101 unasked', head('HTTP/1.1 101 Switching Protocols', 'Upgrade: x')],
  ['A121: a flood of 103', head('HTTP/1.1 103 Early Hints').repeat(20)],
  ['A121: a bare line feed', 'HTTP/1.1 200 OK\r\nX: y\nContent-Length: 0\r\n\r\n'],
  ['A121: a folded line', head('HTTP/1.1 200 OK', 'X: y', ' z')],
  ['A121: a blank before the colon', head('HTTP/1.1 200 OK', 'Content-Length : 5')],
  ['A121: a NUL', head('HTTP/1.1 200 OK', 'X: \0')],
  ['A121: a bare CR', head('HTTP/1.1 200 OK', 'X: a\rb')],
  ['another protocol', head('ICY 200 OK', 'Content-Length: 0')],
  ['HTTP/2', head('HTTP/2 200', 'Content-Length: 0')],
  ['a status of two digits', head('HTTP/1.1 99 OK', 'Content-Length: 0')],
  ['a head without end', `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(70_000)}`],
  ['A116: a signed chunk', `${chunked}+5\r\nhello\r\n0\r\n\r\n`],
  ['A116: a negative chunk', `${chunked}-5\r\nhello\r\n0\r\n\r\n`],
  ['A116: an overflowing chunk', `${chunked}FFFFFFFFFFFFFFFF\r\n`],
  ['A116: a chunk without size', `${chunked}\r\nhello`],
  ['A116: a chunk longer than its size', `${chunked}4\r\nhello\r\n0\r\n\r\n`],
  ['A116: bare line feeds', `${chunked}5\nhello\n0\n\n`],
  ['A116: a trailer that is no field', `${chunked}0\r\nnone\r\n\r\n`],
  ['A116: an endless size line', `${chunked}5;${'a'.repeat(5000)}`],
])('%s is a fault', (_, text) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ name: 'ResponseFault' }))
})

test('chunks of any sizes, cut anywhere, are the body that was cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ minLength: 1, maxLength: 40 }), { maxLength: 8 }),
      fc.array(fc.nat(400), { maxLength: 6 }),
      (pieces, places) => {
        const bytes = pieces.map((piece) => Buffer.from(piece).toString('latin1'))
        const body = bytes.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')
        const text = `${chunked}${body}0\r\n\r\n`
        const cuts = [...new Set(places.map((place) => place % text.length))].sort((a, b) => a - b)
        expect(read(text, { cuts })).toMatchObject({ body: bytes.join(''), surplus: 0 })
      },
    ),
  )
})
