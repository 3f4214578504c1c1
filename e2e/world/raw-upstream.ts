import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** An upstream that speaks bytes, not HTTP: it can say what no HTTP server would. */
export interface RawUpstream {
  readonly url: string
  /** What came, a string a connection, one character a byte. */
  readonly heard: string[]
  /** Called when a request head has come, and with each piece after it. */
  answer: (socket: Socket, heard: string) => void
  close(): Promise<void>
}

/** Starts one on a free port. It says nothing until it is told what. */
export async function createRawUpstream(): Promise<RawUpstream> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const at = upstream.heard.push('') - 1
    sockets.add(socket.once('close', () => sockets.delete(socket)))
    // A broken connection is what many of the tests are about.
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      const heard = upstream.heard[at] + chunk.toString('latin1')
      upstream.heard[at] = heard
      if (heard.includes('\r\n\r\n')) upstream.answer(socket, heard)
    })
  })
  server.listen({ host: 'localhost', port: 0 })
  await once(server, 'listening')
  const upstream: RawUpstream = {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    heard: [],
    answer: () => undefined,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
  return upstream
}
