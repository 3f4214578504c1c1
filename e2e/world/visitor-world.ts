import { decodeJwt } from 'jose'
import { expect } from 'vitest'
import { type AskOptions, type Browser, createBrowser } from './browser.ts'
import { createWorld, type World } from './world.ts'

export const visitorCookie = '__Host-Http-bff.visitor'
/** Seconds. */
export const visitorLifetime = 7200

/** A world whose inventory wants to know visitors, and what is asked of it. */
export interface VisitorWorld extends World {
  call(browser: Browser, path?: string, options?: AskOptions): ReturnType<Browser['call']>
  /** What the API was told last: whose token, and which visitor. */
  told(): { subject: string | undefined; visitor: string | undefined }
  /** A call, and which visitor the API was told of. */
  visit(browser: Browser, path?: string): Promise<string>
}

export async function createVisitorWorld(): Promise<VisitorWorld> {
  const world = await createWorld({
    identity: (options) => ({
      ...options,
      clients: options.clients.map((client) =>
        client.clientId === 'bff'
          ? { ...client, grantTypes: [...client.grantTypes, 'client_credentials'] }
          : client,
      ),
    }),
    gateway(options) {
      const [orders, inventory] = options.bff.routes ?? []
      if (!orders || !inventory) throw new Error('the demo has two routes')
      const at = (match: string, rest: object) => ({ ...inventory, match, ...rest })
      const routes = [
        orders,
        inventory,
        at('/api/basket/*', { token: 'user-or-none', visitor: true }),
        at('/api/safe-basket/*', { token: 'user-or-client', visitor: true }),
        at('/api/merge', { token: 'user', visitor: true }),
        at('/api/perhaps/*', { token: 'user-or-none' }),
        at('/api/as-client/*', { token: 'client' }),
        at('/api/open/*', { token: 'none', resource: undefined }),
      ]
      return {
        ...options,
        bff: { ...options.bff, routes, visitors: { lifetime: visitorLifetime } },
      }
    },
  })

  const call: VisitorWorld['call'] = (browser, path = '/api/basket/x', options = {}) =>
    browser.call(`${world.app}${path}`, options)

  function told() {
    const request = world.inventory.requests.at(-1)
    const [, accessToken] = /^Bearer (.+)$/.exec(request?.header('authorization') ?? '') ?? []
    const visitor = request?.header('sallyport-visitor')
    return { subject: accessToken ? decodeJwt(accessToken).sub : undefined, visitor }
  }

  return Object.assign(world, {
    call,
    told,
    async visit(browser: Browser, path?: string) {
      expect((await call(browser, path)).status).toBe(200)
      const { visitor } = told()
      if (!visitor) throw new Error('the API was told of no visitor')
      return visitor
    },
  })
}

/** Another browser with the same cookies. */
export function copyOf(browser: Browser): Browser {
  const copy = createBrowser()
  for (const [name, value] of browser.cookies) copy.cookies.set(name, value)
  return copy
}
