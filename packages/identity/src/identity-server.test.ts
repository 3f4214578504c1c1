import { decodeJwt, decodeProtectedHeader } from 'jose'
import * as client from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  beginSignIn,
  type IdentityFixture,
  inventory,
  orders,
  redeem,
  signIn,
  startIdentity,
} from './testing/identity-fixture.ts'

let identity: IdentityFixture

beforeAll(async () => {
  identity = await startIdentity()
})
afterAll(() => identity.close())

describe('a sign-in', () => {
  test('ends with tokens for an independent client', async () => {
    const attempt = await beginSignIn(identity)
    const answer = await signIn(attempt)
    expect(new URL(String(answer.headers.location)).searchParams.get('iss')).toBe(identity.issuer)
    const tokens = await redeem(attempt, answer)

    const claims = tokens.claims()
    expect(claims).toMatchObject({
      iss: identity.issuer,
      aud: 'bff',
      name: 'Alice Liddell',
      preferred_username: 'alice',
      email: 'alice@example.com',
      email_verified: false,
      acr: 'urn:sallyport:acr:password',
      amr: ['pwd'],
      auth_time: expect.any(Number),
      sid: expect.any(String),
    })
    expect(decodeProtectedHeader(tokens.access_token)).toMatchObject({
      typ: 'at+jwt',
      alg: 'ES256',
    })
    expect(decodeJwt(tokens.access_token)).toMatchObject({
      iss: identity.issuer,
      aud: orders,
      sub: claims?.sub,
      client_id: 'bff',
      scope: 'orders.read orders.write',
      acr: 'urn:sallyport:acr:password',
    })
    expect(tokens.expires_in).toBe(300)

    const refreshed = await client.refreshTokenGrant(attempt.config, String(tokens.refresh_token), {
      resource: inventory,
    })
    expect(decodeJwt(refreshed.access_token)).toMatchObject({
      aud: inventory,
      scope: 'inventory.read',
    })
    expect(refreshed.expires_in).toBe(120)
  })
})
