import { randomBytes } from 'node:crypto'
import { createSecret } from '@sallyport/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GuardContext } from './context.ts'
import { createGuard, type Guard } from './guard.ts'
import type { GuardOptions } from './guard-options.ts'
import { createDpopClient, type DpopClient } from './testing/dpop-client.ts'
import { algs, refusedProof, verdictOf } from './testing/dpop-verdict.ts'
import { audience, type LoopbackIssuer, startIssuer } from './testing/loopback-issuer.ts'

let issuer: LoopbackIssuer
let client: DpopClient

beforeAll(async () => {
  issuer = await startIssuer()
  client = await createDpopClient(issuer)
})

afterAll(() => issuer.close())

function guardWith(options: Partial<GuardOptions> = {}, context: GuardContext = {}): Guard {
  return createGuard({ issuer: issuer.issuer, audience, ...options }, context)
}

describe('dpop', () => {
  test('required: bearer tokens count as none', async () => {
    const strict = guardWith({ dpop: 'required' })
    const bearer = await issuer.sign()
    const bound = await client.obtain()

    expect(await verdictOf({ accessToken: bearer, scheme: 'Bearer', proofs: [] }, strict)).toBe(
      `401 ERR_TOKEN_MISSING DPoP realm="${audience}", ${algs}`,
    )
    const proofs = [await client.prove(bound)]
    expect(await verdictOf({ accessToken: bound, proofs }, strict)).toBe('allowed')
  })

  test('off: bound tokens are refused, the scheme counts as none', async () => {
    const off = guardWith({ dpop: 'off' })
    const accessToken = await client.obtain()
    const proofs = [await client.prove(accessToken)]

    expect(await verdictOf({ accessToken, proofs }, off)).toBe(
      `401 ERR_TOKEN_MISSING Bearer realm="${audience}"`,
    )
    expect(await verdictOf({ accessToken, scheme: 'Bearer', proofs }, off)).toContain(
      'invalid_token',
    )
  })

  test('is off by itself where the audience is no URL', async () => {
    const named = guardWith({ audience: 'orders' })

    expect(await named.authorize({ headers: [] }, { scopes: [] })).toMatchObject({
      headers: { 'www-authenticate': 'Bearer realm="orders"' },
    })
    expect(() => guardWith({ audience: 'orders', dpop: 'accepted' })).toThrow('publicUrl: ')
  })
})

describe('nonces', () => {
  const dpopNonceSecret = createSecret(randomBytes(32).toString('base64url'))

  test('a proof without one, or with another, is answered by one that is good', async () => {
    const strict = guardWith({ dpopNonceSecret })
    const accessToken = await client.obtain()
    const ask = async (claims: Record<string, unknown>) => {
      const dpop = await client.prove(accessToken, claims)
      const headers = { authorization: `DPoP ${accessToken}`, dpop }
      const request = { method: 'GET', url: '/inventory/items', headers }
      return strict.authorize(request, { scopes: [] })
    }

    for (const claims of [{}, { nonce: 'made-up' }]) {
      const answer = await ask(claims)
      expect(answer).toMatchObject({
        status: 401,
        problem: { code: 'ERR_DPOP_NONCE_REQUIRED' },
        headers: {
          'www-authenticate': `DPoP realm="${audience}", error="use_dpop_nonce", ${algs}`,
          'dpop-nonce': expect.stringMatching(/^[\w-]{43}$/),
        },
      })
      const nonce = answer.headers['dpop-nonce']
      expect(await ask({ nonce })).toMatchObject({
        allowed: true,
        headers: { 'dpop-nonce': expect.stringMatching(/^[\w-]{43}$/) },
      })
    }
  })
})

describe('used proofs', () => {
  test('are remembered where the context says, for longer than they are good', async () => {
    const claims: [string, number][] = []
    const replays = { claim: async (...given: [string, number]) => claims.push(given) === 1 }
    const sharing = guardWith({}, { replays })
    const accessToken = await client.obtain()
    const iat = Math.floor(Date.now() / 1000)
    const proofs = [await client.prove(accessToken, { iat })]

    expect(await verdictOf({ accessToken, proofs }, sharing)).toBe('allowed')
    expect(await verdictOf({ accessToken, proofs }, sharing)).toBe(refusedProof)
    expect(claims[0]).toEqual(claims[1])
    expect(claims[0]?.[1]).toBeGreaterThan(iat + 65)
  })

  test('let nobody through when they cannot be remembered', async () => {
    const replays = { claim: () => Promise.reject(new Error('down')) }
    const accessToken = await client.obtain()
    const proofs = [await client.prove(accessToken)]

    expect(await verdictOf({ accessToken, proofs }, guardWith({}, { replays }))).toBe(
      '503 ERR_REPLAY_STORE_UNAVAILABLE undefined',
    )
  })
})
