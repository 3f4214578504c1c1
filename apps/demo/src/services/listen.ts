import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'

const kibibyte = 1024

/** A server that listens on this machine only. */
export interface Listening {
  /** Lets requests under way finish; idle connections end at once. */
  close(): Promise<void>
}

/** Serves `handler` on `http://localhost:port`, with bounds on heads and slow senders. */
export async function listen(handler: RequestListener, port: number): Promise<Listening> {
  const limits = { maxHeaderSize: 16 * kibibyte, headersTimeout: 30_000, requestTimeout: 60_000 }
  const server = createServer(limits, handler)
  server.listen({ host: 'localhost', port })
  await once(server, 'listening')
  return {
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      await closed
    },
  }
}
