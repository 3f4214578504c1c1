import { systemClock } from '@sallyport/core'
import { createMemoryStore } from '@sallyport/session/memory'
import { createLocalJWKSet, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import type { RouteConfig } from '../options/route-options.ts'
import { type BearerCallers, createBearerCallers } from './bearer-callers.ts'

const issuer = 'https://idp.example'
const audience = 'https://bff.example'
const route: RouteConfig = {
  ...{ match: '/api/*', upstream: new URL('http://api'), methods: ['GET'], token: 'user' },
  ...{
    callers: ['bearer'],
    visitor: false,
    callerScopes: ['read', 'list'],
    grant: 'refresh',
    timeout: 30,
  },
  resource: 'https://api.example',
}
const now = systemClock()
const claims = {
  ...{ iss: issuer, aud: audience, sub: 'alice', client_id: 'cli', jti: 'x', iat: now },
  ...{ exp: now + 60, scope: 'list other read' },
}

let keys: Awaited<ReturnType<typeof generateKeyPair>>
let callers: BearerCallers
let exchanged: string[]
beforeAll(async () => {
  keys = await generateKeyPair('ES256')
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256' }
  const signing = async () => ({
    ...{ issuer, keys: createLocalJWKSet({ keys: [jwk] }), idTokenAlgorithms: ['ES256'] },
  })
  callers = createBearerCallers({
    config: {
      ...{ publicUrl: new URL('https://app.example/shop'), profile: undefined },
      bearer: { audience, dpop: 'accepted' },
    },
    ...{ oidc: { signing }, clock: systemClock, replays: createMemoryStore(), nonces: undefined },
    exchangedTokens: {
      async forSubject({ accessToken, expiresAt }) {
        exchanged.push(accessToken)
        const token = {
          accessToken: 'api',
          tokenType: 'Bearer' as const,
          obtainedAt: now,
          expiresAt,
        }
        return { token }
      },
    },
  })
})

function sign(change: object = {}, header: object = {}): Promise<string> {
  const jwt = new SignJWT({ ...claims, ...change } as JWTPayload)
  const usual = { alg: 'ES256', kid: 'k1', typ: 'at+jwt' }
  return jwt.setProtectedHeader({ ...usual, ...header }).sign(keys.privateKey)
}

function admit(accessToken: string) {
  exchanged = []
  const request = { method: 'GET', url: '/shop/api/x', headers: [] }
  return callers.admit({ request, scheme: 'Bearer', accessToken }, route)
}

describe('a caller with an access token', () => {
  test('is let in by a token for this BFF with all scopes, which is exchanged', async () => {
    const accessToken = await sign()
    const { upstreamToken } = await admit(accessToken)
    expect(upstreamToken.token).toMatchObject({ accessToken: 'api', expiresAt: claims.exp })
    expect(exchanged).toEqual([accessToken])
  })

  test.each<[string, object, object?]>([
    ['of another issuer', { iss: 'https://evil.example' }],
    ['for somebody else', { aud: 'https://api.example' }],
    ['without an audience', { aud: undefined }],
    ['that has ended', { exp: now - 60 }],
    ['without an end', { exp: undefined }],
    ['of the future', { iat: now + 60 }],
    ['not yet good', { nbf: now + 60 }],
    ['without a subject', { sub: undefined }],
    ['without a client', { client_id: undefined }],
    ['that is an ID token', {}, { typ: 'JWT' }],
    ['that is a logout token', {}, { typ: 'logout+jwt' }],
    ['of an unknown key', {}, { kid: 'k2' }],
    ['bound to a certificate', { cnf: { 'x5t#S256': 'x' } }],
    ['bound to a key', { cnf: { jkt: 'x' } }],
    ['bound in an unknown way', { cnf: { kid: 'x' } }],
  ])('%s is refused', async (_what, change, header) => {
    const refused = admit(await sign(change, header))
    await expect(refused).rejects.toMatchObject({ code: 'ERR_TOKEN_INVALID' })
    expect(exchanged).toEqual([])
  })

  test('signed with a secret that everybody knows is refused', async () => {
    const jwk = await exportJWK(keys.publicKey)
    const header = { alg: 'HS256', kid: 'k1', typ: 'at+jwt' }
    const jwt = new SignJWT(claims).setProtectedHeader(header)
    const refused = admit(await jwt.sign(new TextEncoder().encode(JSON.stringify(jwk))))
    await expect(refused).rejects.toMatchObject({ code: 'ERR_TOKEN_INVALID' })
  })

  test.each<[string, object]>([
    ['without one of the scopes', { scope: 'read' }],
    ['without any', { scope: undefined }],
    ['with a scope that only begins like it', { scope: 'read list-all' }],
    ['of a client that acts for itself', { sub: 'cli' }],
  ])('%s may not do this', async (_what, change) => {
    const refused = admit(await sign(change))
    await expect(refused).rejects.toMatchObject({ code: 'ERR_SCOPE_INSUFFICIENT' })
    expect(exchanged).toEqual([])
  })
})
