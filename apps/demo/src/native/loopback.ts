import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An address on this machine where an app waits for the browser to come back. */
export interface Loopback {
  /** What the app says as `redirect_uri`, with the port that the system gave. */
  readonly redirectUri: string
  /** The authorization response, once the browser has brought one. */
  readonly response: Promise<URLSearchParams>
  close(): Promise<void>
}

/**
 * Listens on a port of the loopback interface for one authorization response.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8252.html#section-7.3 RFC 8252, section 7.3}
 */
export async function listenForResponse(path: string): Promise<Loopback> {
  const { promise: response, resolve } = Promise.withResolvers<URLSearchParams>()
  const server = createServer((request, answer) => {
    const url = new URL(request.url ?? '/', redirectUri)
    const isResponse = request.method === 'GET' && url.pathname === path
    answer.setHeader('content-type', 'text/plain; charset=utf-8')
    answer.setHeader('connection', 'close')
    answer.writeHead(isResponse ? 200 : 404)
    answer.end(isResponse ? 'Done. Go back to the command line.\n' : 'There is nothing here.\n')
    if (isResponse) resolve(url.searchParams)
  })
  server.listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const redirectUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`
  return {
    redirectUri,
    response,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
