import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import fc from 'fast-check'

/** A request as a parser reads it. */
export interface ReadMessage {
  method: string
  target: string
  /** Flat, names in lower case. */
  headers: string[]
  body: string
}

/** The request that comes after the one in question: it must be read as such. */
export const sentinel = 'GET /the-next HTTP/1.1\r\nhost: next.test\r\n\r\n'

/**
 * Feeds bytes to node's server, in two parts.
 *
 * @returns the requests that it reads, until the sentinel or an error.
 */
export async function readByNode(bytes: Buffer, splitAt: number): Promise<ReadMessage[]> {
  const messages: ReadMessage[] = []
  const { promise: over, resolve: isOver } = Promise.withResolvers<void>()
  const server = createServer({ requireHostHeader: true, insecureHTTPParser: false })
  server.maxHeadersCount = 0
  server.on('request', async (request, response) => {
    const message = { ...toMessage(request), body: await bodyOf(request) }
    messages.push(message)
    response.end()
    if (message.target === '/the-next') isOver()
  })
  for (const event of ['upgrade', 'connect', 'clientError', 'checkContinue', 'checkExpectation']) {
    server.on(event, () => isOver())
  }
  const socket = new Duplex({
    read: () => undefined,
    write: (_chunk, _encoding, done) => done(),
    allowHalfOpen: true,
  })
  socket.on('error', () => isOver())
  socket.on('close', () => isOver())
  server.emit('connection', socket)
  socket.push(bytes.subarray(0, splitAt))
  await new Promise(setImmediate)
  if (!socket.destroyed) socket.push(bytes.subarray(splitAt))
  if (!socket.destroyed) socket.push(null)
  await over
  await new Promise(setImmediate)
  if (!socket.destroyed) {
    socket.destroy()
    await once(socket, 'close')
  }
  return messages
}

function toMessage(request: IncomingMessage) {
  const headers = request.rawHeaders.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text))
  return { method: request.method ?? '', target: request.url ?? '', headers }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  request.setEncoding('latin1')
  try {
    for await (const text of request) body += text
  } catch {
    return `${body}<cut>`
  }
  return body
}

const pick = (...values: string[]) => fc.constantFrom(...values)
const rarely = (usual: fc.Arbitrary<string>, odd: fc.Arbitrary<string>) =>
  fc.oneof({ arbitrary: usual, weight: 9 }, { arbitrary: odd, weight: 1 })

const oddText = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 6,
})
const oddSpace = pick('', ' ', '  ', '\t', '\x0b', '\x0c', '\xa0', '\0', '\r', '\n', '\r\n ')
const lineEnd = rarely(pick('\r\n'), pick('\n', '\r', '\r\r\n', '\n\r', '\r\n\r\n', ''))

const method = rarely(
  pick('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'),
  pick('get', 'CONNECT', 'TRACE', 'PRI', 'QUERY', 'M-SEARCH', 'GETT', 'SOURCE', ''),
)
const target = rarely(
  pick('/', '/api/orders', '/api/a-b_c.d~e?x=1&y=%20', '/a?b=/c?d', '/a//b', '/./..', "/x?(')*@!$"),
  pick(
    '*',
    'http://shop.test/',
    '//evil.test',
    '/a b',
    '/a%',
    '/é',
    '/a#b',
    '/a\\b',
    'a',
    '',
    '/?"',
    '/a;b',
  ),
)
const version = rarely(
  pick('HTTP/1.1'),
  pick('HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'http/1.1', 'HTTP/1.10', 'HTTP/1.1 ', 'ICE/1.1', ''),
)

const framingField = fc.tuple(
  pick(
    'Content-Length',
    'content-length',
    'Transfer-Encoding',
    'Connection',
    'Expect',
    'Upgrade',
    'TE',
    'Trailer',
    'Host',
    'Content-Length ',
    'Content_Length',
    'Keep-Alive',
  ),
  pick(':', ': ', ' :', ':\t', ''),
  pick(
    '0',
    '5',
    '05',
    '+5',
    '5, 5',
    '5 5',
    '0x5',
    '-5',
    '5.0',
    '1e1',
    '99999999999999999999',
    'chunked',
    'gzip, chunked',
    'close',
    'keep-alive',
    'upgrade',
    'close, x',
    '100-continue',
    'websocket',
    'trailers',
    'shop.test',
    '',
  ),
)
const plainField = fc.tuple(
  rarely(pick('X-A', 'accept', 'Cookie', 'x-csrf', 'Sec-Fetch-Mode', 'a'), oddText),
  rarely(pick(': ', ':'), pick(' : ', ':\t', ':  ', '')),
  rarely(pick('1', 'text/html, */*;q=0.8', 'a=b; c=d', '', 'x  y', '"q"', ':'), oddText),
)
const field = fc
  .tuple(
    fc.oneof({ arbitrary: plainField, weight: 3 }, { arbitrary: framingField, weight: 1 }),
    rarely(pick(''), oddSpace),
  )
  .map(([[name, colon, value], blank]) => `${name}${colon}${value}${blank}`)

const body = pick(
  '',
  'hello',
  'hello',
  '0\r\n\r\n',
  '5\r\nhello\r\n0\r\n\r\n',
  'GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n',
  'hell',
)

/** Requests that are mostly well-formed, and wrong in one place or two. */
export const requestBytes: fc.Arbitrary<string> = fc
  .record({
    ...{ method, target, version, body },
    host: rarely(
      pick('Host: shop.test'),
      pick('Host:', 'Host: a\r\nHost: b', 'X: y', 'host: shop.test'),
    ),
    fields: fc.array(fc.tuple(field, lineEnd), { maxLength: 5 }),
    length: fc.oneof(fc.constant(''), fc.constant('own'), fc.constant('')),
    ends: fc.tuple(lineEnd, lineEnd, lineEnd),
    blank: rarely(pick(' '), oddSpace),
  })
  .map(
    ({
      method: verb,
      target: path,
      version: said,
      body: text,
      host,
      fields,
      length,
      ends,
      blank,
    }) => {
      const own = length === 'own' ? `Content-Length: ${text.length}\r\n` : ''
      const lines = fields.map(([line, end]) => `${line}${end}`).join('')
      return `${verb}${blank}${path} ${said}${ends[0]}${host}${ends[1]}${own}${lines}${ends[2]}${text}`
    },
  )

/** The same with some bytes changed, left out or doubled. */
export const mutatedBytes: fc.Arbitrary<string> = fc
  .tuple(
    requestBytes,
    fc.array(
      fc.record({
        at: fc.nat(400),
        cut: fc.nat(2),
        put: fc.oneof(fc.constant(''), oddText, oddSpace, pick('\r\n', ':', ' ', '\r\n\r\n')),
      }),
      { maxLength: 2 },
    ),
  )
  .map(([text, changes]) =>
    changes.reduce((changed, { at, cut, put }) => {
      const place = at % (changed.length + 1)
      return changed.slice(0, place) + put + changed.slice(place + cut)
    }, text),
  )
