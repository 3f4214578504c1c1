import { decodeJwt, SignJWT } from 'jose'
import * as client from 'openid-client'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  beginSignIn,
  inventory,
  orders,
  redeem,
  signIn,
  startIdentity,
  useIdentity,
} from '../testing/identity-fixture.ts'

const grant = 'urn:ietf:params:oauth:grant-type:token-exchange'
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'

const identity = useIdentity()
let config: client.Configuration
let tokens: Awaited<ReturnType<typeof redeem>>

beforeAll(async () => {
  config = await identity.discover('orders-api')
  const attempt = await beginSignIn(identity)
  tokens = await redeem(attempt, await signIn(attempt))
})

function exchange(parameters: Record<string, string> = {}) {
  return client.genericGrantRequest(config, grant, {
    subject_token: tokens.access_token,
    subject_token_type: accessTokenType,
    resource: inventory,
    scope: 'inventory.read',
    ...parameters,
  })
}

describe('token exchange', () => {
  test('gives a token for the next API that names who acts for whom', async () => {
    const exchanged = await exchange()
    expect(exchanged).toMatchObject({ issued_token_type: accessTokenType, scope: 'inventory.read' })
    const before = decodeJwt(tokens.access_token)
    const claims = decodeJwt(exchanged.access_token)
    expect(claims).toMatchObject({
      sub: before.sub,
      aud: inventory,
      client_id: 'orders-api',
      scope: 'inventory.read',
      act: { sub: 'orders-api' },
      acr: before.acr,
      auth_time: before.auth_time,
    })
    expect(Number(claims.exp)).toBeLessThanOrEqual(Number(before.exp))
    expect(exchanged.expires_in).toBeLessThanOrEqual(120)
    expect(exchanged.refresh_token).toBeUndefined()
  })

  test('takes the target as audience, and the scopes allowed when none is named', async () => {
    const { subject_token, subject_token_type } = {
      subject_token: tokens.access_token,
      subject_token_type: accessTokenType,
    }
    const exchanged = await client.genericGrantRequest(config, grant, {
      subject_token,
      subject_token_type,
      audience: inventory,
    })
    expect(decodeJwt(exchanged.access_token)).toMatchObject({
      aud: inventory,
      scope: 'inventory.read',
    })
  })

  test('nests those who acted before', async () => {
    const first = await exchange({ resource: orders, scope: 'orders.read' })
    const second = await exchange({ subject_token: first.access_token })
    expect(decodeJwt(second.access_token).act).toEqual({
      sub: 'orders-api',
      act: { sub: 'orders-api' },
    })
  })

  test('never gives more: not by scope, not at the same audience', async () => {
    const wider = await exchange({ scope: 'inventory.read inventory.write' })
    expect(wider.scope).toBe('inventory.read')
    await expect(exchange({ scope: 'inventory.write' })).rejects.toMatchObject({
      error: 'invalid_scope',
    })

    const attempt = await beginSignIn(identity, 'bff', { scope: 'openid orders.write' })
    const writeOnly = await redeem(attempt, await signIn(attempt))
    const upscoped = exchange({
      subject_token: writeOnly.access_token,
      resource: orders,
      scope: 'orders.read',
    })
    await expect(upscoped).rejects.toMatchObject({ error: 'invalid_scope' })
  })

  test('refuses a target that is not allowed', async () => {
    for (const resource of ['http://localhost:3999', 'not a uri']) {
      await expect(exchange({ resource })).rejects.toMatchObject({ error: 'invalid_target' })
    }
    await expect(exchange({ audience: orders })).rejects.toMatchObject({ error: 'invalid_target' })
  })

  test('refuses a subject token that is of another audience, kind, signer or age', async () => {
    const attempt = await beginSignIn(identity)
    const answer = await signIn(attempt)
    const forInventory = await redeem(attempt, answer, inventory)
    const own = await client.clientCredentialsGrant(config, {
      resource: orders,
      scope: 'orders.read',
    })
    const claims = decodeJwt(tokens.access_token)
    const forged = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
      .sign(identity.key('bff'))
    const unsigned = `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${tokens.access_token.split('.')[1]}.`
    const refused = {
      'another audience': forInventory.access_token,
      'an ID token': String(tokens.id_token),
      'a client of its own right': own.access_token,
      'a refresh token': String(tokens.refresh_token),
      'another signer': forged,
      unsigned,
      garbage: 'garbage',
    }
    for (const [what, token] of Object.entries(refused)) {
      const attempted = exchange({ subject_token: token })
      await expect(attempted, what).rejects.toMatchObject({ error: 'invalid_request' })
    }
  })

  test('refuses other token types, actor tokens, and clients without the grant', async () => {
    const changes: Record<string, string>[] = [
      { subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' },
      { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
      { actor_token: tokens.access_token, actor_token_type: accessTokenType },
    ]
    for (const change of changes) {
      await expect(exchange(change)).rejects.toMatchObject({ error: 'invalid_request' })
    }
    const bff = await identity.discover('bff')
    const request = client.genericGrantRequest(bff, grant, {
      subject_token: tokens.access_token,
      subject_token_type: accessTokenType,
      resource: inventory,
    })
    await expect(request).rejects.toMatchObject({
      error_description: expect.stringContaining('not allowed for this client'),
    })
  })
})

describe('an exchanged token', () => {
  test('never outlives the subject token', async () => {
    const short = await startIdentity((options) => ({
      ...options,
      resources: options.resources.map((resource) =>
        resource.identifier === orders ? { ...resource, accessTokenTtl: 20 } : resource,
      ),
    }))
    try {
      const attempt = await beginSignIn(short)
      const subject = await redeem(attempt, await signIn(attempt))
      const exchanged = await client.genericGrantRequest(
        await short.discover('orders-api'),
        grant,
        {
          subject_token: subject.access_token,
          subject_token_type: accessTokenType,
          resource: inventory,
        },
      )
      expect(exchanged.expires_in).toBeLessThanOrEqual(20)
      expect(Number(decodeJwt(exchanged.access_token).exp)).toBeLessThanOrEqual(
        Number(decodeJwt(subject.access_token).exp),
      )
    } finally {
      await short.close()
    }
  })
})
