import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer as createPages } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { createCertificate } from '../../packages/identity/src/testing/certificates.ts'
import { createWorld, type World } from './world.ts'

/**
 * An application on two subdomains of one site, as browsers see it: its pages at one, its BFF at the
 * other, and a third that belongs to somebody else. All are TLS on this machine, so that cookies and sites are
 * real; a browser finds them with {@link hostRules} and has to overlook who certified them.
 */
export interface SubdomainWorld {
  readonly world: World
  readonly www: string
  readonly bff: string
  /** A page of the same site that nobody allowed anything. */
  readonly sibling: string
  close(): Promise<void>
}

/** Where a browser finds the hosts of the site. */
export const hostRules = '--host-resolver-rules=MAP *.shop.example 127.0.0.1'

const clientFolder = new URL('../../packages/client/src/', import.meta.url)

/** Starts one, with the demo's identity server and APIs that record. */
export async function createSubdomainWorld(): Promise<SubdomainWorld> {
  let gatewayPort = 0
  let bff = ''
  const pages = createPages(async (request, response) => {
    const { pathname } = new URL(request.url ?? '', 'https://www.shop.example')
    const module = /^\/client\/([a-z/-]+\.ts)$/.exec(pathname)?.[1]
    response.setHeader('content-type', module ? 'text/javascript' : 'text/html')
    response.end(module ? await readModule(module) : pageOf(bff))
  })
  pages.listen({ host: 'localhost', port: 0 })
  await once(pages, 'listening')
  const pagesPort = () => (pages.address() as AddressInfo).port
  const fronts = await Promise.all([
    listenTls('www.shop.example', pagesPort),
    listenTls('bff.shop.example', () => gatewayPort),
    listenTls('blog.shop.example', pagesPort),
  ])
  const [www, own, sibling] = fronts.map(({ origin }) => origin) as [string, string, string]
  bff = own
  const world = await createWorld({
    sessionMode: 'stored',
    gateway: (options) => ({
      ...options,
      bff: { ...options.bff, publicUrl: bff, allowedOrigins: [www], applicationUrl: www },
    }),
    identity: (options) => ({
      ...options,
      clients: options.clients.map((client) =>
        client.clientId === 'bff'
          ? {
              ...client,
              redirectUris: [`${bff}/bff/callback`],
              postLogoutRedirectUris: [`${www}/`],
              initiateLoginUri: `${bff}/bff/login`,
            }
          : client,
      ),
    }),
  })
  gatewayPort = world.gateway.port
  return {
    ...{ world, www, bff, sibling },
    async close() {
      for (const front of fronts) front.close()
      await world.close()
      pages.closeAllConnections()
      pages.close()
    },
  }
}

interface Front {
  origin: string
  close(): void
}

/** Takes TLS off, and changes nothing else. */
async function listenTls(dnsName: string, port: () => number): Promise<Front> {
  const { cert, key } = createCertificate({ subject: [['CN', dnsName]], dnsName })
  const open = new Set<Socket>()
  const server: Server = createServer({ cert, key }, (socket: TLSSocket) => {
    const inner = connect({ host: 'localhost', port: port() })
    for (const [one, other] of [
      [socket, inner],
      [inner, socket],
    ] as const) {
      open.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        other.destroy()
        open.delete(one)
      })
      one.pipe(other)
    }
  })
  server.listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  return {
    origin: `https://${dnsName}:${(server.address() as AddressInfo).port}`,
    close() {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}

/** The client as it stands in its sources: browsers need no more than their types taken away. */
async function readModule(name: string): Promise<string> {
  return stripTypeScriptTypes(await readFile(new URL(name, clientFolder), 'utf8'))
}

function pageOf(bff: string): string {
  return `<!doctype html><html lang="en"><title>Shop</title><link rel="icon" href="data:,">
<p role="status"></p><p data-testid="event"></p>
<button id="sign-in">Sign in</button><button id="sign-out">Sign out</button>
<script type="module">
import { createCrossOriginClient } from '/client/cross-origin.ts'
import { createSessionEvents } from '/client/events.ts'
const client = createCrossOriginClient({ bffOrigin: '${bff}' })
const status = document.querySelector('[role=status]')
client.subscribe(() => {
  const state = client.getSnapshot()
  status.textContent = state.session?.name ?? state.status
})
createSessionEvents(client, {
  onRefreshed: () => (document.querySelector('[data-testid=event]').textContent = 'refreshed'),
})
document.querySelector('#sign-in').onclick = () => client.login()
document.querySelector('#sign-out').onclick = () => client.logout()
window.client = client
</script></html>`
}
