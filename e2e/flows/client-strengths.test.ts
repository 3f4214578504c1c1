import type { BffOptions } from '@sallyport/bff'
import { createSecret, randomToken } from '@sallyport/core'
import type { IdentityClientOptions, IdentityOptions } from '@sallyport/identity'
import { decodeJwt, type JWK } from 'jose'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createBrowser } from '../world/browser.ts'
import { createClientKey } from '../world/scripted-bff.ts'
import { createWorld, passwordOf, type World } from '../world/world.ts'

let world: World | undefined
afterEach(async () => {
  vi.useRealTimers()
  await world?.close()
  world = undefined
})

const secret = randomToken()
const keyed = (alg: Parameters<typeof createClientKey>[0]) => {
  const { privateJwk, publicJwk } = createClientKey(alg)
  return { privateKey: privateJwk, jwks: { keys: [publicJwk as JWK] } }
}
const [ed25519, rsa, next] = [keyed('EdDSA'), keyed('PS256'), keyed('ES256')]
const bySecret = (method: 'client_secret_basic' | 'client_secret_post' | 'client_secret_jwt') => ({
  bff: { clientAuthentication: { secret, method } },
  client: { jwks: undefined, clientAuthentication: { method, secret: createSecret(secret) } },
})

interface Strength {
  bff: Partial<BffOptions>
  /** `jwks: undefined` takes the demo's key away. */
  client?: Omit<Partial<IdentityClientOptions>, 'jwks'> & { jwks?: { keys: JWK[] } | undefined }
  identity?: Partial<IdentityOptions>
}

/** The demo's world, with a stronger client on both sides. */
async function startWorld({ bff, client = {}, identity = {} }: Strength): Promise<World> {
  world = await createWorld({
    accessToken: 100,
    gateway: (options) => ({ ...options, bff: { ...options.bff, ...bff } }),
    identity: (options) => ({
      ...options,
      ...identity,
      clients: options.clients.map((one) => {
        if (one.clientId !== 'bff') return one
        const { jwks, ...rest } = { ...one, ...client }
        return jwks ? { ...rest, jwks } : rest
      }),
    }),
  })
  return world
}

describe('the real identity server signs in, renews and signs out', () => {
  test.each<[string, Strength]>([
    ['client_secret_basic', bySecret('client_secret_basic')],
    ['client_secret_post', bySecret('client_secret_post')],
    ['client_secret_jwt', bySecret('client_secret_jwt')],
    [
      'private_key_jwt with Ed25519',
      {
        bff: { clientAuthentication: { privateKey: ed25519.privateKey } },
        client: { jwks: ed25519.jwks },
      },
    ],
    [
      'private_key_jwt with PS256',
      { bff: { clientAuthentication: { privateKey: rsa.privateKey } }, client: { jwks: rsa.jwks } },
    ],
    [
      'two keys, while one takes over from the other',
      {
        bff: { clientAuthentication: { privateKey: [next.privateKey, rsa.privateKey] } },
        client: { jwks: { keys: [...rsa.jwks.keys, ...next.jwks.keys] } },
      },
    ],
    [
      'pushed requests that are required',
      {
        bff: { pushedAuthorization: 'always' },
        client: { requirePushedAuthorizationRequests: true },
      },
    ],
    [
      'signed requests that are required',
      { bff: { requestObject: 'always' }, client: { requireSignedRequestObject: true } },
    ],
    [
      'signed responses',
      { bff: { responseMode: 'query.jwt' }, client: { responseModes: ['query.jwt', 'jwt'] } },
    ],
    ['DPoP', { bff: { senderConstraint: 'dpop' }, client: { dpopBoundAccessTokens: true } }],
    [
      'DPoP with nonces',
      {
        bff: { senderConstraint: 'dpop' },
        client: { dpopBoundAccessTokens: true },
        identity: { requireDpopNonce: true },
      },
    ],
    [
      'all of it',
      {
        bff: {
          senderConstraint: 'dpop',
          pushedAuthorization: 'always',
          requestObject: 'always',
          responseMode: 'query.jwt',
        },
        client: {
          dpopBoundAccessTokens: true,
          requirePushedAuthorizationRequests: true,
          requireSignedRequestObject: true,
          responseModes: ['query.jwt', 'jwt'],
        },
        identity: { requireDpopNonce: true },
      },
    ],
  ])('with %s', async (_what, { bff, client, identity }) => {
    const { app, orders, signIn, issuerRequests, logLines } = await startWorld({
      ...{ bff, client: client ?? {}, identity: identity ?? {} },
    })
    vi.useFakeTimers({ toFake: ['Date'] })
    const browser = await signIn()
    const isPushed = bff.pushedAuthorization === 'always'
    expect(issuerRequests.includes('POST /par')).toBe(isPushed)
    expect((await browser.call(`${app}/api/orders`)).status).toBe(200)
    const accessToken = () => orders.requests.at(-1)?.header('authorization')?.split(' ')[1] ?? ''
    const first = accessToken()

    vi.setSystemTime(Date.now() + 101_000)
    expect((await browser.call(`${app}/api/orders`)).status).toBe(200)
    expect(accessToken()).not.toBe(first)
    const [before, after] = [decodeJwt(first), decodeJwt(accessToken())]
    if (bff.senderConstraint === 'dpop') {
      expect(Object(before.cnf).jkt).toEqual(expect.any(String))
    }
    expect(after.cnf).toEqual(before.cnf)

    const signOut = await browser.call(`${app}/bff/logout`, { method: 'POST' })
    expect(signOut.status).toBe(200)
    await expect.poll(() => issuerRequests).toContain('POST /revoke')
    expect(logLines.join('')).not.toContain(secret)
  })

  test('A224: not with a client whose secret is wrong: a page says whose fault it is', async () => {
    const method = 'client_secret_basic'
    const { app } = await startWorld({
      bff: { clientAuthentication: { secret: randomToken() } },
      client: { jwks: undefined, clientAuthentication: { method, secret: createSecret(secret) } },
    })
    const browser = createBrowser()
    const page = await browser.navigate(`${app}/bff/login`)
    const username = 'alice'
    const done = await browser.submit(page, { username, password: passwordOf(username) })
    expect(done.answer.status).toBe(502)
    expect(done.answer.text).toContain('ERR_IDP_CLIENT_REJECTED')
  })
})
