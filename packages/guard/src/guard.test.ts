import { createSecret, errorCatalogue } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createGuard, type Guard } from './guard.ts'
import type { GuardOptions } from './guard-options.ts'
import { audience, type LoopbackIssuer, startIssuer } from './testing/loopback-issuer.ts'

let issuer: LoopbackIssuer
let guard: Guard

beforeEach(async () => {
  issuer = await startIssuer()
  guard = createGuard({ issuer: issuer.issuer, audience })
})

afterEach(() => issuer.close())

const reading = { scopes: ['inventory.read'] }
const realm = `Bearer realm="${audience}"`

function bearer(accessToken: string) {
  return { headers: { authorization: `Bearer ${accessToken}` } }
}

describe('authorize', () => {
  test('lets a token through that was made for this API, and gives its claims', async () => {
    const accessToken = await issuer.sign()

    const answer = await guard.authorize(bearer(accessToken), reading)

    expect(answer).toMatchObject({ allowed: true, claims: { sub: 'alice', client_id: 'bff' } })
    expect(answer.allowed && answer.accessToken.reveal()).toBe(accessToken)
    expect(JSON.stringify(answer)).not.toContain(accessToken)
    expect(issuer.requests).toEqual(['/.well-known/openid-configuration', '/jwks'])
  })

  test('reads the raw header list, whatever the case of names and scheme', async () => {
    const headers = ['Host', 'x', 'AUTHORIZATION', `bEARER  ${await issuer.sign()}`]

    expect(await guard.authorize({ headers }, reading)).toMatchObject({ allowed: true })
  })

  test('accepts one audience of several, and application/at+jwt', async () => {
    const aud = ['http://localhost:3011', audience]
    const accessToken = await issuer.sign({ aud }, { typ: 'application/at+jwt' })

    expect(await guard.authorize(bearer(accessToken), reading)).toMatchObject({ allowed: true })
  })

  test.each([
    ['no Authorization header', []],
    ['another scheme', ['Authorization', 'Basic YWxpY2U6cGFzc3dvcmQ=']],
  ])('%s is answered by 401 and a challenge without an error', async (_, headers) => {
    const answer = await guard.authorize({ url: '/inventory/items', headers }, reading)

    expect(answer).toEqual({
      allowed: false,
      status: 401,
      headers: {
        'content-type': 'application/problem+json',
        'cache-control': 'no-store',
        'www-authenticate': `${realm}, DPoP realm="${audience}", algs="ES256 Ed25519 EdDSA PS256"`,
      },
      problem: {
        type: 'urn:sallyport:problem:token_missing',
        title: errorCatalogue.ERR_TOKEN_MISSING.title,
        status: 401,
        code: 'ERR_TOKEN_MISSING',
      },
    })
  })

  test.each([
    ['a second Authorization header', { headers: ['Authorization', 'GOOD', 'authorization', 'x'] }],
    ['two Authorization headers joined', { headers: { authorization: 'GOOD, GOOD' } }],
    ['a token in the query too', { url: '/x?access_token=y', headers: { authorization: 'GOOD' } }],
    ['a token in the query only', { url: '/x?a=b&access%5Ftoken=y', headers: [] }],
    ['no token after the scheme', { headers: { authorization: 'Bearer' } }],
    ['two tokens', { headers: { authorization: 'GOOD x' } }],
    ['a JSON serialization', { headers: { authorization: 'Bearer {"payload":"x"}' } }],
  ])('%s is answered by 400 invalid_request', async (_, request) => {
    const good = `Bearer ${await issuer.sign()}`
    const filled = JSON.parse(JSON.stringify(request).replaceAll('GOOD', good))

    const answer = await guard.authorize(filled, reading)

    expect(answer).toMatchObject({
      status: 400,
      headers: { 'www-authenticate': `${realm}, error="invalid_request"` },
      problem: { code: 'ERR_REQUEST_INVALID' },
    })
  })

  test('a token without the scope is answered by 403 and the scopes that are needed', async () => {
    const scopes = ['inventory.read', 'inventory.reserve']

    const answer = await guard.authorize(bearer(await issuer.sign()), { scopes })

    expect(answer).toMatchObject({
      allowed: false,
      status: 403,
      headers: {
        'www-authenticate': `${realm}, error="insufficient_scope", scope="inventory.read inventory.reserve"`,
      },
      problem: { code: 'ERR_SCOPE_INSUFFICIENT' },
    })
  })

  test.each([
    ['a longer scope of the same beginning', 'inventory.readonly'],
    ['another case', 'Inventory.Read'],
    ['none', undefined],
    ['an empty one', ''],
  ])('%s is not the scope', async (_, scope) => {
    const accessToken = await issuer.sign({ scope })

    expect(await guard.authorize(bearer(accessToken), reading)).toMatchObject({ status: 403 })
  })

  test('a requirement that is none never lets through, it throws', async () => {
    const request = bearer(await issuer.sign())

    for (const requirement of [{}, { scopes: 'inventory.read' }, { scopes: ['a b'] }]) {
      const answer = guard.authorize(request, requirement as never)
      await expect(answer).rejects.toThrow(TypeError)
    }
  })
})

describe('options', () => {
  test.each<[string, Record<string, unknown>]>([
    ['\n  issuer: ', { issuer: 'http://id.example' }],
    ['\n  issuer: ', { issuer: 'https://id.example/?tenant=1' }],
    ['\n  audience: ', { audience: 'a"b' }],
    ['\n  jwksUri: ', { jwksUri: 'ftp://id.example/jwks' }],
    ['\n  algorithms[0]: ', { algorithms: ['none'] }],
    ['\n  algorithms[0]: ', { algorithms: ['HS256'] }],
    ['\n  algorithms: ', { algorithms: [] }],
    ['\n  clockTolerance: ', { clockTolerance: 61 }],
    ['\n  publicUrl: ', { publicUrl: 'https://api.example/?a=b' }],
    ['\n  publicUrl: ', { publicUrl: '/api' }],
    ['\n  dpop: ', { dpop: 'on' }],
    ['\n  dpopAlgorithms[0]: ', { dpopAlgorithms: ['HS256'] }],
    ['\n  dpopMaxAge: ', { dpopMaxAge: 301 }],
    ['\n  dpopNonceSecret: ', { dpopNonceSecret: 'A'.repeat(43) }],
    ['DPoP nonce secret: ', { dpopNonceSecret: createSecret('short') }],
    ['unknown key "clockTolerence": did you mean "clockTolerance"?', { clockTolerence: 5 }],
  ])('%j is refused when it cannot be used: %j', (problem, changes) => {
    const options = { issuer: issuer.issuer, audience, ...changes } as GuardOptions

    expect(() => createGuard(options)).toThrow(problem)
  })
})
