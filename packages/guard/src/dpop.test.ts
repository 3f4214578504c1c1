import { sha256 } from '@sallyport/core'
import { createDpopProof, generateDpopKey, verifyDpopProof } from '@sallyport/core/dpop'
import { compactVerify, decodeProtectedHeader, importJWK } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGuard, type Guard } from './guard.ts'
import type { GuardOptions } from './guard-options.ts'
import { createDpopClient, type DpopClient } from './testing/dpop-client.ts'
import { refusedProof, refusedToken, type Sent, verdictOf } from './testing/dpop-verdict.ts'
import { audience, type LoopbackIssuer, startIssuer } from './testing/loopback-issuer.ts'

let issuer: LoopbackIssuer
let client: DpopClient
let guard: Guard

beforeAll(async () => {
  issuer = await startIssuer()
  client = await createDpopClient(issuer)
  guard = guardWith()
})

afterAll(() => issuer.close())

const now = () => Math.floor(Date.now() / 1000)

function guardWith(options: Partial<GuardOptions> = {}): Guard {
  return createGuard({ issuer: issuer.issuer, audience, ...options })
}

const verdict = (sent: Sent, by = guard) => verdictOf(sent, by)

describe('a token bound to a key', () => {
  test('opens with a proof for this very request', async () => {
    const accessToken = await client.obtain()
    expect(await verdict({ accessToken, proofs: [await client.prove(accessToken)] })).toBe(
      'allowed',
    )
  })

  test('opens with the proofs that this stack makes, which jose verifies too', async () => {
    const key = generateDpopKey()
    const accessToken = await issuer.sign({ cnf: { jkt: key.jkt } })
    const htu = `${audience}/inventory/items?page=2`

    const proof = createDpopProof({ key, htm: 'GET', htu, accessToken })

    const { jwk = {} } = decodeProtectedHeader(proof)
    await compactVerify(proof, await importJWK(jwk, 'ES256'))
    expect(await verdict({ accessToken, proofs: [proof] })).toBe('allowed')
  })

  test('A204 once per proof, also when many come at once', async () => {
    const accessToken = await client.obtain()
    const proofs = [await client.prove(accessToken)]

    const verdicts = await Promise.all(
      Array.from({ length: 20 }, () => verdict({ accessToken, proofs })),
    )

    expect(verdicts.filter((one) => one === 'allowed')).toHaveLength(1)
    expect(verdicts.filter((one) => one === refusedProof)).toHaveLength(19)
  })

  test('A204 a jti of one client does not keep another client out', async () => {
    const other = await createDpopClient(issuer)
    for (const one of [client, other]) {
      const accessToken = await one.obtain()
      const proof = await one.prove(accessToken, { jti: 'the-same' })
      expect(await verdict({ accessToken, proofs: [proof] })).toBe('allowed')
    }
  })

  test.each<[string, (good: string) => Partial<Sent> | Promise<Partial<Sent>>]>([
    ['no proof', () => ({ proofs: [] })],
    ['an empty proof', () => ({ proofs: [''] })],
    [
      'two proofs',
      async (good) => ({ proofs: [await client.prove(good), await client.prove(good)] }),
    ],
    ['the same proof twice', (proof) => ({ proofs: [proof, proof] })],
    ['another method', () => ({ method: 'POST' })],
    ['a method that the API did not tell', () => ({ method: undefined })],
    ['another path', () => ({ url: '/inventory/items/MUG-03' })],
    ['an absolute target', () => ({ url: `${audience}/inventory/items` })],
  ])('A204 does not open with %s', async (_, change) => {
    const accessToken = await client.obtain()
    const proof = await client.prove(accessToken)
    const sent = { accessToken, proofs: [proof], ...(await change(proof)) }

    expect(await verdict(sent)).toBe(refusedProof)
  })

  test.each<[string, Record<string, unknown>]>([
    ['of another host', { htu: 'https://evil.example/inventory/items' }],
    ['that is ten minutes old', { iat: now() - 600 }],
    ['of in ten minutes', { iat: now() + 600 }],
    ['without ath', { ath: undefined }],
    ['for another token', { ath: sha256('other') }],
    ['without jti', { jti: undefined }],
  ])('A204 does not open with a proof %s', async (_, claims) => {
    const accessToken = await client.obtain()
    const proofs = [await client.prove(accessToken, claims)]

    expect(await verdict({ accessToken, proofs })).toBe(refusedProof)
  })

  test('A204 does not open with a proof of another key', async () => {
    const accessToken = await client.obtain()
    const thief = await createDpopClient(issuer)

    expect(await verdict({ accessToken, proofs: [await thief.prove(accessToken)] })).toBe(
      refusedProof,
    )
  })

  test('A204 is refused as bearer, with or without its proof', async () => {
    const accessToken = await client.obtain()
    for (const proofs of [[], [await client.prove(accessToken)]]) {
      expect(await verdict({ accessToken, scheme: 'Bearer', proofs })).toBe(
        `401 ERR_TOKEN_INVALID Bearer realm="${audience}", error="invalid_token"`,
      )
    }
  })

  test('A204 the Host header does not decide where the API is', async () => {
    const accessToken = await client.obtain()
    const proofs = [await client.prove(accessToken, { htu: 'http://evil.example/inventory/items' })]

    expect(await verdict({ accessToken, proofs, host: 'evil.example' })).toBe(refusedProof)
  })

  test('opens below the path of a public URL', async () => {
    const behindProxy = guardWith({ publicUrl: 'https://shop.example/api/' })
    const accessToken = await client.obtain()
    const prove = (htu: string) => client.prove(accessToken, { htu })
    const at = async (htu: string) =>
      verdict({ accessToken, proofs: [await prove(htu)] }, behindProxy)

    expect(await at('https://shop.example/api/inventory/items')).toBe('allowed')
    expect(await at('https://shop.example/inventory/items')).toBe(refusedProof)
    expect(await at(`${audience}/inventory/items`)).toBe(refusedProof)
  })
})

test.each([
  ['a bearer token', {}],
  ['a token bound to something unknown', { cnf: { kid: 'x' } }],
  ['a token bound to a certificate', { cnf: { 'x5t#S256': 'x' } }],
  ['a token bound to nothing', { cnf: {} }],
  ['a token bound to a number', { cnf: { jkt: 1 } }],
  ['a token bound to an empty thumbprint', { cnf: { jkt: '' } }],
  ['a token whose cnf is a list', { cnf: [] }],
])('A204 %s is refused with the DPoP scheme', async (_, claims) => {
  const accessToken = await issuer.sign(claims)
  const proofs = [await client.prove(accessToken)]

  expect(await verdict({ accessToken, proofs })).toBe(refusedToken)
})

test('A198 an access token is no proof, and a proof no access token', async () => {
  const accessToken = await client.obtain()
  const proof = await client.prove(accessToken)

  expect(await verdict({ accessToken, proofs: [accessToken] })).toBe(refusedProof)
  expect(await verdict({ accessToken: proof, proofs: [proof] })).toBe(refusedToken)
  const request = { htm: 'GET', htu: `${audience}/inventory/items` }
  expect(() => verifyDpopProof(accessToken, request)).toThrow('typ')
})
