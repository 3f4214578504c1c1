import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { createUpstreamConnection } from './upstream-connection.ts'
import { createWaitingConnection } from './waiting-connection.ts'

test('what came of a body before there was a connection is sent in its place', async () => {
  const response = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'
  let heard = ''
  const server = createServer((socket) => {
    socket.on('data', (bytes) => {
      heard += bytes.toString()
      if (heard.endsWith('end')) socket.end(response)
    })
  })
  server.listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { promise: coming, resolve } =
    Promise.withResolvers<ReturnType<typeof createUpstreamConnection>>()
  const waiting = createWaitingConnection({ coming, leave: () => undefined })
  const ended = new Promise<void>((resolve, reject) => {
    waiting.start(
      {
        method: 'POST',
        ...{ head() {}, data() {}, pushed() {}, drained() {} },
        end: () => resolve(),
        fail: reject,
      },
      'head ',
    )
  })
  expect(waiting.write(Buffer.from('first '))).toBe(false)
  expect(waiting.write(Buffer.from('end'))).toBe(false)
  resolve(createUpstreamConnection(connect({ host: '127.0.0.1', port }), () => undefined))
  await ended
  expect(heard).toBe('head first end')
  waiting.destroy()
  server.close()
})
