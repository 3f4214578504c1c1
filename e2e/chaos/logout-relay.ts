import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { decodeJwt } from 'jose'

/** Stands between the identity server and the gateways, and sees which logout tokens are accepted. */
export interface LogoutRelay {
  /** Where logout tokens are to be posted. */
  readonly url: string
  /** When a gateway had ended the sessions of a `sid`; `undefined`: none has said so. */
  endedAtMs(sid: string): number | undefined
  close(): Promise<void>
}

/** @param app origin of the gateways. */
export async function startLogoutRelay(app: string): Promise<LogoutRelay> {
  const ended = new Map<string, number>()
  const server = createServer((request, response) => {
    const fail = () => void response.writeHead(502).end()
    buffer(request).then(async (body) => {
      const status = await deliver(body)
      response.writeHead(status).end()
    }, fail)
  })
  server.listen({ host: 'localhost', port: 0 })
  await once(server, 'listening')

  async function deliver(body: Buffer): Promise<number> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', connection: 'close' }
    const post = { method: 'POST', headers, body: body.toString() }
    const answer = await fetch(`${app}/bff/backchannel`, post).catch(() => undefined)
    if (answer?.status !== 200) return answer?.status ?? 502
    const { sid } = decodeJwt(new URLSearchParams(body.toString()).get('logout_token') ?? '')
    if (typeof sid === 'string') ended.set(sid, performance.now())
    return 200
  }

  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/backchannel`,
    endedAtMs: (sid) => ended.get(sid),
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
