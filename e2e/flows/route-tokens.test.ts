import { decodeJwt } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createBrowser } from '../world/browser.ts'
import { createWorld, type World } from '../world/world.ts'

const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'

let world: World
beforeAll(async () => {
  world = await createWorld({
    identity: (options) => ({
      ...options,
      clients: options.clients.map((client) =>
        client.clientId === 'bff'
          ? {
              ...client,
              grantTypes: [...client.grantTypes, 'client_credentials', exchange],
              tokenExchange: {
                subjectAudiences: [ordersOf(options)],
                resources: client.resources.filter((one) => one !== ordersOf(options)),
              },
            }
          : client,
      ),
    }),
    gateway(options) {
      const [orders, inventory] = options.bff.routes ?? []
      if (!orders || !inventory) throw new Error('the demo has two routes')
      const { resource } = inventory
      const at = (match: string, rest: object) => ({ ...inventory, match, ...rest })
      const routes = [
        orders,
        inventory,
        at('/api/as-client/*', { token: 'client' }),
        at('/api/either/*', { token: 'user-or-client' }),
        at('/api/perhaps/*', { token: 'user-or-none' }),
        at('/api/open/*', { token: 'none', resource: undefined }),
        at('/api/exchanged/*', { grant: 'exchange' }),
        at('/api/narrow/*', { scopes: ['inventory.read'] }),
        at('/api/forbidden/*', { scopes: ['inventory.reserve'] }),
        { ...orders, match: '/api/narrow-orders/*', scopes: ['orders.read'] },
      ]
      if (!resource) throw new Error('the demo names its resources')
      return { ...options, bff: { ...options.bff, routes } }
    },
  })
})
afterAll(() => world.close())
beforeEach(() => {
  world.issuerRequests.length = 0
  world.orders.requests.length = 0
  world.inventory.requests.length = 0
})

function ordersOf(options: { resources: { identifier: string }[] }): string {
  return options.resources[0]?.identifier as string
}

const tokenCalls = () => world.issuerRequests.filter((call) => call === 'POST /token').length

/** The claims of the token that the upstream got last; `undefined` for none. */
function received(recorder = world.inventory) {
  const [, accessToken] =
    /^Bearer (.+)$/.exec(recorder.requests.at(-1)?.header('authorization') ?? '') ?? []
  return accessToken ? decodeJwt(accessToken) : undefined
}

describe('a route', () => {
  test('client: takes the BFF’s own token, once for all who call', async () => {
    const [visitor, alice] = [createBrowser(), await world.signIn()]
    const before = tokenCalls()
    const calls = [visitor, alice, visitor, alice].map((one) =>
      one.call(`${world.app}/api/as-client/x`),
    )
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(received()).toMatchObject({ sub: 'bff', client_id: 'bff' })
    expect(tokenCalls() - before).toBe(1)
  })

  test('client: is for the application’s own pages only, although no session is needed', async () => {
    const answer = await createBrowser().ask(`${world.app}/api/as-client/x`)
    expect(answer.status).toBe(403)
    expect(world.inventory.requests).toEqual([])
  })

  test('user-or-client: takes a visitor’s call as the client, a user’s as the user', async () => {
    await createBrowser().call(`${world.app}/api/either/x`)
    expect(received()?.sub).toBe('bff')
    const alice = await world.signIn()
    await alice.call(`${world.app}/api/either/x`)
    expect(received()?.sub).not.toBe('bff')
  })

  test('user-or-none: takes a visitor’s call without, a user’s with a token', async () => {
    expect((await createBrowser().ask(`${world.app}/api/perhaps/x`)).status).toBe(200)
    expect(received()).toBeUndefined()
    const alice = await world.signIn()
    await alice.call(`${world.app}/api/perhaps/x`)
    expect(received()?.sub).toBeTruthy()
  })

  test.each(['either', 'perhaps'])(
    '%s: a call with a session that is over is refused, never made in another name',
    async (name) => {
      const alice = await world.signIn()
      const other = createBrowser()
      for (const [cookie, value] of alice.cookies) other.cookies.set(cookie, value)
      await alice.call(`${world.app}/bff/logout`, { method: 'POST' })
      const answer = await other.call(`${world.app}/api/${name}/x`)
      expect(answer.status).toBe(401)
      expect(world.inventory.requests).toEqual([])
      // Said once: then the browser is a visitor's.
      expect(other.cookies.has('__Host-Http-bff')).toBe(false)
      expect((await other.call(`${world.app}/api/${name}/x`)).status).toBe(200)
    },
  )

  test('none: takes no token along, also of who is signed in', async () => {
    const alice = await world.signIn()
    await alice.call(`${world.app}/api/open/x`)
    expect(received()).toBeUndefined()
  })

  test('with an exchange takes a token that was exchanged for the one from sign-in', async () => {
    const alice = await world.signIn()
    const before = tokenCalls()
    await alice.call(`${world.app}/api/exchanged/x`)
    const claims = received()
    expect(claims?.aud).toBe(world.settings.publicUrls.inventory)
    expect(claims?.act).toMatchObject({ sub: 'bff' })
    await alice.call(`${world.app}/api/exchanged/x`)
    expect(tokenCalls() - before).toBe(1)
  })

  test('with scopes takes a token with these, never a wider one that is there', async () => {
    const alice = await world.signIn()
    await alice.call(`${world.app}/api/orders`)
    expect(received(world.orders)?.scope).toBe('orders.read orders.write')
    await alice.call(`${world.app}/api/narrow-orders/x`)
    expect(received(world.orders)?.scope).toBe('orders.read')
    await alice.call(`${world.app}/api/orders`)
    expect(received(world.orders)?.scope).toBe('orders.read orders.write')
  })

  test('whose scopes the user was not granted is 403, and the session goes on', async () => {
    const alice = await world.signIn()
    const answer = await alice.call(`${world.app}/api/forbidden/x`)
    expect(answer.status).toBe(403)
    expect(answer.json<{ code: string }>().code).toBe('ERR_TOKEN_UNAVAILABLE')
    expect((await alice.call(`${world.app}/api/orders`)).status).toBe(200)
  })
})
