import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { createUpstreamConnection, type UpstreamExchange } from './upstream-connection.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A connection, and the upstream's end of it. */
async function open() {
  const server = createServer()
  server.listen(0, 'localhost')
  await once(server, 'listening')
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const socket = connect((server.address() as AddressInfo).port, 'localhost')
  const onClosed = vi.fn()
  const connection = createUpstreamConnection(socket, onClosed)
  const [upstream] = await accepted
  upstream.on('error', () => undefined)
  closers.push(() => {
    upstream.destroy()
    socket.destroy()
    server.close()
  })
  return { connection, upstream, onClosed }
}

function createExchange() {
  const ended = Promise.withResolvers<boolean>()
  const pieces: string[] = []
  const exchange: UpstreamExchange = {
    ...{ method: 'GET', head: () => undefined, pushed: () => undefined, drained: () => undefined },
    data: (bytes: Buffer) => void pieces.push(bytes.toString('latin1')),
    end: ended.resolve,
    fail: () => ended.resolve(false),
  }
  return { exchange, ended: ended.promise, pieces }
}

const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

test('paused by one exchange, it is heard again for the next', async () => {
  const { connection, upstream } = await open()
  const first = createExchange()
  first.exchange.data = () => connection.pause()
  connection.start(first.exchange, 'GET / HTTP/1.1\r\n\r\n')
  upstream.write(answer)
  expect(await first.ended).toBe(true)
  const second = createExchange()
  connection.start(second.exchange, 'GET / HTTP/1.1\r\n\r\n')
  upstream.write(answer)
  expect(await second.ended).toBe(true)
  expect(second.pieces).toEqual(['ok'])
})

test('A120: what comes unasked ends it, also after it was paused', async () => {
  const { connection, upstream, onClosed } = await open()
  const first = createExchange()
  first.exchange.data = () => connection.pause()
  connection.start(first.exchange, 'GET / HTTP/1.1\r\n\r\n')
  upstream.write(answer)
  await first.ended
  expect(onClosed).not.toHaveBeenCalled()
  upstream.write(answer)
  await vi.waitUntil(() => onClosed.mock.calls.length > 0)
})

test('A120: knows whether the upstream has been sent everything', async () => {
  const { connection, upstream } = await open()
  const { exchange } = createExchange()
  connection.start(exchange, 'POST / HTTP/1.1\r\n\r\n')
  await vi.waitUntil(() => connection.isSent)
  upstream.pause()
  while (connection.write(Buffer.alloc(1024 * 1024)));
  expect(connection.isSent).toBe(false)
  upstream.resume()
  await vi.waitUntil(() => connection.isSent)
})
