import { decodeJwt, SignJWT } from 'jose'
import * as client from 'openid-client'
import { describe, expect, test } from 'vitest'
import {
  beginSignIn,
  inventory,
  nativeUri,
  orders,
  redeem,
  signIn,
  useIdentity,
} from './testing/identity-fixture.ts'

const identity = useIdentity((options) => ({ ...options, lifetimes: { refreshTokenGrace: 0 } }))

describe('client authentication', () => {
  test('T20: no client has a secret: keys or nothing', async () => {
    const discovery = await fetch(`${identity.issuer}/.well-known/openid-configuration`)
    expect(await discovery.json()).toMatchObject({
      token_endpoint_auth_methods_supported: ['private_key_jwt', 'none'],
    })
  })

  const assertion = (lifetime: number, jti = crypto.randomUUID()) =>
    new SignJWT({ jti })
      .setProtectedHeader({ alg: 'ES256', kid: 'orders-api' })
      .setIssuer('orders-api')
      .setSubject('orders-api')
      .setAudience(identity.issuer)
      .setIssuedAt()
      .setExpirationTime(`${lifetime} seconds`)
      .sign(identity.key('orders-api'))

  const ask = (clientAssertion: string) =>
    fetch(`${identity.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        resource: inventory,
        scope: 'inventory.read',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: clientAssertion,
      }),
    })

  test('gives a client its own token, for scopes it may ask', async () => {
    const config = await identity.discover('orders-api')
    const tokens = await client.clientCredentialsGrant(config, {
      resource: inventory,
      scope: 'inventory.read inventory.write',
    })
    const claims = decodeJwt(tokens.access_token)
    expect(claims).toMatchObject({ aud: inventory, sub: 'orders-api', scope: 'inventory.read' })
    expect(tokens.refresh_token).toBeUndefined()
  })

  test('takes an assertion once, also when it comes 20 times at once', async () => {
    const one = await assertion(60)
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(one)))
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses).toEqual([200, ...Array<number>(19).fill(401)])
    expect((await ask(one)).status).toBe(401)
  })

  test('refuses an assertion that lives too long, or is of another key', async () => {
    expect((await ask(await assertion(3600))).status).toBe(401)
    const foreign = await new SignJWT({ jti: 'x' })
      .setProtectedHeader({ alg: 'ES256', kid: 'orders-api' })
      .setIssuer('orders-api')
      .setSubject('orders-api')
      .setAudience(identity.issuer)
      .setExpirationTime('60 seconds')
      .sign(identity.key('bff'))
    const answer = await ask(foreign)
    expect(answer.status).toBe(401)
    expect(await answer.json()).toMatchObject({ error: 'invalid_client' })
  })

  test('A308: a refresh token is of no use to another client, or without authentication', async () => {
    const attempt = await beginSignIn(identity)
    const tokens = await redeem(attempt, await signIn(attempt))
    const refreshToken = String(tokens.refresh_token)
    const other = await identity.discover('partner')
    await expect(client.refreshTokenGrant(other, refreshToken)).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    const bare = await fetch(`${identity.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
        client_id: 'bff',
      }),
    })
    expect(bare.status).toBe(401)
  })
})

describe('a public client', () => {
  test('signs in with PKCE, and each refresh replaces its refresh token', async () => {
    const attempt = await beginSignIn(identity, 'native', {
      scope: 'openid orders.read',
      resource: [orders],
      redirectUri: nativeUri,
    })
    const answer = await signIn(attempt)
    await expect(
      redeem({ ...attempt, verifier: client.randomPKCECodeVerifier() }, answer),
    ).rejects.toMatchObject({ error: 'invalid_grant' })
    const tokens = await redeem(attempt, answer)
    const refresh = (token: unknown) =>
      client.refreshTokenGrant(attempt.config, String(token), { resource: orders })
    const next = await refresh(tokens.refresh_token)
    expect(next.refresh_token).not.toBe(tokens.refresh_token)
    await expect(refresh(tokens.refresh_token)).rejects.toMatchObject({ error: 'invalid_grant' })
  })
})
