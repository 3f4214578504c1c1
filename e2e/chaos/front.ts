import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** What stands before both gateways: one address, and each connection goes to one of them. */
export interface Front {
  close(): Promise<void>
}

export interface FrontOptions {
  port: number
  /** Ports of the gateways, the one to try first at the front. */
  choose(): readonly number[]
}

/** Starts it: bytes alone, and another gateway where one does not listen. */
export async function startFront({ port, choose }: FrontOptions): Promise<Front> {
  const sockets = new Set<Socket>()
  const server = createServer({ pauseOnConnect: true }, (browser) => {
    keep(browser)
    const [first, ...others] = choose()
    lead(browser, first, others)
  })
  server.listen({ host: 'localhost', port })
  await once(server, 'listening')

  function keep(socket: Socket): void {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  }

  function lead(browser: Socket, port: number | undefined, others: readonly number[]): void {
    if (port === undefined) {
      browser.destroy()
      return
    }
    const gateway = connect({ host: 'localhost', port })
    keep(gateway)
    const goOn = () => lead(browser, others[0], others.slice(1))
    gateway.once('error', goOn)
    gateway.once('connect', () => {
      gateway.off('error', goOn)
      gateway.once('close', () => browser.destroy())
      browser.once('close', () => gateway.destroy())
      browser.pipe(gateway).pipe(browser)
    })
  }

  return {
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
