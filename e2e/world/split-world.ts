import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { GatewayOptions } from '@sallyport/gateway'
import type { Answer } from './browser.ts'
import { createWorld, type World } from './world.ts'

/** An application whose pages come from another origin than that of its BFF. */
export interface SplitWorld {
  readonly world: World
  /** The origin of its pages. */
  readonly www: string
  /** What the gateway was started with. */
  readonly options: GatewayOptions
  close(): Promise<void>
}

/** Starts one. `http://localhost:1`, where nobody is, is allowed too. */
export async function createSplitWorld(): Promise<SplitWorld> {
  const pages = createServer((_request, response) => response.end('the application'))
  pages.listen({ host: 'localhost', port: 0 })
  await once(pages, 'listening')
  const www = `http://localhost:${(pages.address() as AddressInfo).port}`
  let options: GatewayOptions | undefined
  const world = await createWorld({
    gateway(given) {
      const routes = [
        ...(given.bff.routes ?? []),
        { match: '/gone', upstream: 'http://localhost:1', token: 'none' as const },
        { match: '/read', upstream: `${given.bff.routes?.[0]?.upstream}`, methods: ['GET'] },
      ]
      const origins = { allowedOrigins: [www, 'http://localhost:1'], applicationUrl: www }
      options = { ...given, bff: { ...given.bff, ...origins, routes } }
      return options
    },
    identity: (options) => ({
      ...options,
      clients: options.clients.map((client) => ({
        ...client,
        postLogoutRedirectUris: client.clientId === 'bff' ? [`${www}/`] : [],
      })),
    }),
  })
  return {
    ...{ world, www, options: options as GatewayOptions },
    async close() {
      await world.close()
      pages.close()
    },
  }
}

/** What a script of a page of an origin sends by itself. */
export function scriptOf(origin: string, site = 'same-site'): string[] {
  return [
    ...['origin', origin, 'sec-fetch-site', site],
    ...['sec-fetch-mode', 'cors', 'sec-fetch-dest', 'empty'],
  ]
}

/** What an answer says about origins, by the rest of the field's name. */
export function corsOf({ rawHeaders }: Answer): Record<string, string[]> {
  const fields: Record<string, string[]> = {}
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [, name] = /^access-control-(.*)/i.exec(rawHeaders[i] as string) ?? []
    if (name) fields[name] = [...(fields[name] ?? []), rawHeaders[i + 1] as string]
  }
  return fields
}
