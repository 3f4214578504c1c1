import { once } from 'node:events'
import { createServer } from 'node:http'
import { createApiHandler, createGuard } from '@sallyport/guard'
import type { DemoSettings } from '../../apps/demo/src/settings.ts'

/** The API behind the gateways: it believes an access token only when the guard does. */
export interface Upstream {
  /** Calls that arrived with a token of somebody else than the person whose path it is. */
  readonly mixedUp: readonly string[]
  close(): Promise<void>
}

export interface UpstreamOptions {
  demo: DemoSettings
  /** Told of each access token that was good. */
  onUse(accessToken: string): void
}

const apis = [
  { name: 'orders', scope: 'orders.read' },
  { name: 'inventory', scope: 'inventory.read' },
] as const

/** Starts both APIs; `GET /<api>/{subject}` is for that person alone. */
export async function startUpstream({ demo, onUse }: UpstreamOptions): Promise<Upstream> {
  const mixedUp: string[] = []
  const servers = apis.map(({ name, scope }) => {
    const guard = createGuard({ issuer: demo.publicUrls.identity, audience: demo.publicUrls[name] })
    const handler = createApiHandler({
      guard,
      routes: [
        {
          method: 'GET',
          path: `/${name}/{subject}`,
          scopes: [scope],
          subject: 'person',
          handle({ params, claims }) {
            const isOwn = claims.sub === params.subject
            if (!isOwn) mixedUp.push(`${name} got the token of ${claims.sub} for ${params.subject}`)
            return { status: isOwn ? 200 : 403, body: { subject: claims.sub } }
          },
        },
      ],
    })
    const server = createServer((request, response) => {
      const accessToken = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
      response.once('finish', () => {
        if (accessToken && response.statusCode === 200) onUse(accessToken)
      })
      handler(request, response)
    })
    return { server, port: demo.ports[name] }
  })
  for (const { server, port } of servers) {
    server.listen({ host: 'localhost', port })
    await once(server, 'listening')
  }

  return {
    mixedUp,
    async close() {
      for (const { server } of servers) {
        const closed = once(server, 'close')
        server.close()
        server.closeAllConnections()
        await closed
      }
    },
  }
}
