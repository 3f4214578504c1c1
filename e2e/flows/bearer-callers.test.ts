import { createDpopProof, generateDpopKey } from '@sallyport/core/dpop'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Answer, createBrowser } from '../world/browser.ts'
import { audience, getOwnToken, withOwnClient } from '../world/own-tokens.ts'
import { createWorld, type World } from '../world/world.ts'

const key = generateDpopKey()

let world: World
let own: string
let bound: string
beforeAll(async () => {
  world = await createWorld({
    identity: withOwnClient,
    gateway(options) {
      const [orders, inventory] = options.bff.routes ?? []
      if (!orders || !inventory) throw new Error('the demo has two routes')
      const forApps = { callers: ['bearer' as const], callerScopes: ['app.read'] }
      const routes = [
        { ...orders, callers: ['browser' as const, 'bearer' as const], callerScopes: ['app.read'] },
        inventory,
        { ...inventory, match: '/api/apps-only/*', ...forApps },
        { ...inventory, match: '/api/writing/*', ...forApps, callerScopes: ['app.write'] },
        { ...inventory, match: '/api/perhaps/*', ...forApps, token: 'user-or-none' as const },
      ]
      return { ...options, bff: { ...options.bff, bearer: { audience }, routes } }
    },
  })
  own = await getOwnToken(world, wanted())
  bound = await getOwnToken(world, { ...wanted(), key })
})
afterAll(() => world.close())
beforeEach(() => {
  world.issuerRequests.length = 0
  world.orders.requests.length = 0
  world.inventory.requests.length = 0
})

function wanted(resource = audience, scopes = ['app.read']) {
  const redirectUri = `${world.settings.publicUrls.orders}/signed-in`
  return { clientId: 'cli', redirectUri, resource, scopes }
}

function call(path: string, headers: string[]): Promise<Answer> {
  return createBrowser().ask(`${world.app}${path}`, { headers })
}

function proof(path: string, accessToken = bound, by = key): string[] {
  const htu = `${world.app}${path}`
  return ['dpop', createDpopProof({ key: by, htm: 'GET', htu, accessToken })]
}

const bearer = (accessToken: string) => ['authorization', `Bearer ${accessToken}`]
const dpop = (accessToken: string) => ['authorization', `DPoP ${accessToken}`]
const challenge = (answer: Answer) => answer.header('www-authenticate') ?? ''
const exchanges = () => world.issuerRequests.filter((call) => call === 'POST /token').length
const received = (recorder = world.orders) => {
  const sent = recorder.requests.at(-1)?.header('authorization') ?? ''
  return sent.replace(/^Bearer /, '')
}

describe('an app with a token of its own', () => {
  test('is let in, and what goes on is a token for the API in the same name', async () => {
    const answer = await call('/api/orders/1', bearer(own))
    expect(answer.status).toBe(200)
    const claims = decodeJwt(received())
    expect(claims).toMatchObject({
      aud: world.settings.publicUrls.orders,
      sub: decodeJwt(own).sub,
      act: { sub: 'bff' },
    })
    expect(claims.exp).toBeLessThanOrEqual(decodeJwt(own).exp as number)
    expect(world.orders.requests.at(-1)?.rawHeaders.join()).not.toContain(own)
    expect(answer.headers('set-cookie')).toEqual([])
  })

  test('costs the issuer one exchange for each thing that routes ask for', async () => {
    const fresh = await getOwnToken(world, wanted())
    world.issuerRequests.length = 0
    const paths = ['/api/orders/1', '/api/orders/2', '/api/apps-only/x']
    const calls = [...paths, ...paths].map((path) => call(path, bearer(fresh)))
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(6).fill(200))
    expect(exchanges()).toBe(2)
    expect(decodeJwt(received(world.inventory)).aud).toBe(world.settings.publicUrls.inventory)
  })

  test('needs no anti-forgery header, and its cookies of other names do not matter', async () => {
    const answer = await call('/api/orders/1', [...bearer(own), 'cookie', 'theme=dark'])
    expect(answer.status).toBe(200)
    expect(world.orders.requests.at(-1)?.header('cookie')).toBeUndefined()
  })

  test('with a token bound to a key needs a proof for each request', async () => {
    const path = '/api/orders/1'
    expect((await call(path, [...dpop(bound), ...proof(path)])).status).toBe(200)
    const attempts: [string[], string][] = [
      [dpop(bound), 'invalid_dpop_proof'],
      [[...dpop(bound), ...proof(path, bound, generateDpopKey())], 'invalid_dpop_proof'],
      [[...dpop(bound), ...proof('/api/orders/2')], 'invalid_dpop_proof'],
      [[...dpop(bound), ...proof(path), ...proof(path)], 'invalid_dpop_proof'],
      [bearer(bound), 'invalid_token'],
      [[...dpop(own), ...proof(path, own)], 'invalid_token'],
    ]
    world.orders.requests.length = 0
    for (const [headers, error] of attempts) {
      const answer = await call(path, headers)
      expect([answer.status, challenge(answer)]).toEqual([401, expect.stringContaining(error)])
    }
    const once = [...dpop(bound), ...proof(path)]
    expect((await call(path, once)).status).toBe(200)
    expect((await call(path, once)).status).toBe(401)
    expect(world.orders.requests).toHaveLength(1)
  })

  test('without the scope of the route is told which one it lacks', async () => {
    const answer = await call('/api/writing/x', bearer(own))
    expect(answer.status).toBe(403)
    expect(challenge(answer)).toBe(
      `Bearer realm="${world.app}", error="insufficient_scope", scope="app.write"`,
    )
    const writing = await getOwnToken(world, wanted(audience, ['app.write']))
    expect((await call('/api/writing/x', bearer(writing))).status).toBe(200)
  })

  test('with a token for the API itself is refused: it goes past nothing here', async () => {
    const orders = world.settings.publicUrls.orders
    const accessToken = await getOwnToken(world, wanted(orders, ['orders.read']))
    world.orders.requests.length = 0
    const answer = await call('/api/orders/1', bearer(accessToken))
    expect(answer.status).toBe(401)
    expect(challenge(answer)).toBe(`Bearer realm="${world.app}", error="invalid_token"`)
    expect(world.orders.requests).toEqual([])
  })

  test('with a token that is changed, or none at all, is refused', async () => {
    const [header, payload, signature = ''] = own.split('.')
    const other = signature.startsWith('A') ? 'B' : 'A'
    const forged = [header, payload, `${other}${signature.slice(1)}`].join('.')
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')
    for (const accessToken of [
      forged,
      `${none}.${payload}.`,
      `${none}.${payload}.AA`,
      'a'.repeat(43),
    ]) {
      const answer = await call('/api/orders/1', bearer(accessToken))
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.status).toBeLessThan(402)
    }
    const missing = await call('/api/apps-only/x', [])
    expect(missing.status).toBe(401)
    expect(challenge(missing)).toBe(
      `Bearer realm="${world.app}", DPoP realm="${world.app}", algs="ES256 Ed25519 EdDSA PS256"`,
    )
    expect(world.orders.requests).toEqual([])
    expect(world.inventory.requests).toEqual([])
  })

  test('is no visitor where visitors are welcome, once it shows a token', async () => {
    expect((await call('/api/perhaps/x', bearer('x.y.z'))).status).toBe(401)
    expect(world.inventory.requests).toEqual([])
  })

  test('is refused in the query, and twice', async () => {
    expect((await call(`/api/apps-only/x?access_token=${own}`, [])).status).toBe(400)
    expect((await call('/api/orders/1', [...bearer(own), ...bearer(own)])).status).toBe(400)
    expect(world.orders.requests).toEqual([])
  })

  test('with a token that the issuer believes no longer is told to get another', async () => {
    const fresh = await getOwnToken(world, wanted())
    world.intercept = (request, response, next) => {
      if (request.url !== '/token') return next()
      response.writeHead(400, { 'content-type': 'application/json' })
      return response.end('{"error":"invalid_request"}')
    }
    const answer = await call('/api/orders/1', bearer(fresh)).finally(() => {
      world.intercept = undefined
    })
    expect(answer.status).toBe(401)
    expect(challenge(answer)).toContain('error="invalid_token"')
    expect((await call('/api/orders/1', bearer(fresh))).status).toBe(200)
  })

  test('is told to come back while the issuer is away', async () => {
    const fresh = await getOwnToken(world, wanted())
    await world.stopIssuer()
    try {
      const answer = await call('/api/orders/1', bearer(fresh))
      expect(answer.status).toBe(503)
      expect(answer.header('retry-after')).toBeTruthy()
    } finally {
      await world.startIssuer()
    }
  })
})

describe('beside a session cookie', () => {
  test('a token is refused, and neither counts', async () => {
    const alice = await world.signIn()
    const answer = await alice.call(`${world.app}/api/orders/1`, { headers: bearer(own) })
    expect(answer.status).toBe(400)
    expect(answer.json<{ detail: string }>().detail).toContain('not both')
    expect(world.orders.requests).toEqual([])
  })

  test('credentials of another scheme are dropped as ever', async () => {
    const alice = await world.signIn()
    const headers = ['authorization', 'Basic YTpi']
    const answer = await alice.call(`${world.app}/api/orders/1`, { headers })
    expect(answer.status).toBe(200)
    expect(decodeJwt(received()).act).toBeUndefined()
  })

  test('A090: on a route for browsers a token is dropped', async () => {
    const alice = await world.signIn()
    const url = `${world.app}/api/inventory/x`
    expect((await alice.call(url, { headers: bearer(own) })).status).toBe(200)
    expect(received(world.inventory)).not.toBe(own)
    expect(decodeJwt(received(world.inventory)).act).toBeUndefined()
    expect((await call('/api/inventory/x', ['x-csrf', '1', ...bearer(own)])).status).toBe(401)
  })
})

describe('a page', () => {
  test.each([
    ['A130 of another site', ['sec-fetch-site', 'cross-site', 'origin', 'https://evil.example']],
    ['A132 of a sibling', ['sec-fetch-site', 'same-site']],
    ['A133 of nobody', ['origin', 'null']],
  ])('%s may not call with a token', async (_who, headers) => {
    const answer = await call('/api/orders/1', [...bearer(own), ...headers])
    expect(answer.status).toBe(403)
    expect(answer.header('access-control-allow-origin')).toBeUndefined()
    expect(world.orders.requests).toEqual([])
  })

  test('A130 without a token is held to the anti-forgery policy still', async () => {
    const alice = await world.signIn()
    const answer = await alice.ask(`${world.app}/api/orders/1`)
    expect(answer.status).toBe(403)
  })
})
