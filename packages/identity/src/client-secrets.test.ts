import { createSecret, randomToken } from '@sallyport/core'
import * as client from 'openid-client'
import { describe, expect, test } from 'vitest'
import type { ClientSecretAuthentication } from './index.ts'
import { orders, useIdentity } from './testing/identity-fixture.ts'

const secret = randomToken()
const methods: [ClientSecretAuthentication['method'], (secret: string) => client.ClientAuth][] = [
  ['client_secret_basic', client.ClientSecretBasic],
  ['client_secret_post', client.ClientSecretPost],
  ['client_secret_jwt', client.ClientSecretJwt],
]

const identity = useIdentity((options) => ({
  ...options,
  clients: methods.map(([method]) => ({
    clientId: method,
    name: method,
    clientAuthentication: { method, secret: createSecret(secret) },
    redirectUris: [],
    postLogoutRedirectUris: [],
    grantTypes: ['client_credentials'],
    scopes: ['orders.read'],
    resources: [orders],
    consent: 'implicit',
  })),
}))

/** RFC 6749 section 5.2: refused with 401, as a challenge where the client sent a header. */
const refused = expect.objectContaining({ status: 401 })

async function ask(clientId: string, authentication: client.ClientAuth) {
  const config = await client.discovery(
    new URL(identity.issuer),
    clientId,
    undefined,
    authentication,
    { execute: [client.allowInsecureRequests] },
  )
  return client.clientCredentialsGrant(config, { resource: orders, scope: 'orders.read' })
}

describe('a client with a secret', () => {
  test('is told in discovery how it may use it', async () => {
    const answer = await fetch(`${identity.issuer}/.well-known/openid-configuration`)
    expect(await answer.json()).toMatchObject({
      token_endpoint_auth_methods_supported: [
        'private_key_jwt',
        'none',
        'client_secret_basic',
        'client_secret_post',
        'client_secret_jwt',
      ],
      token_endpoint_auth_signing_alg_values_supported: expect.arrayContaining(['HS256']),
    })
  })

  test.each(methods)('authenticates by %s, with this secret', async (method, authenticate) => {
    await expect(ask(method, authenticate(secret))).resolves.toMatchObject({ scope: 'orders.read' })
    await expect(ask(method, authenticate(randomToken()))).rejects.toEqual(refused)
    await expect(ask(method, client.None())).rejects.toEqual(refused)
  })

  test('does not send what it should sign with, nor sign what it should send', async () => {
    for (const sent of [client.ClientSecretBasic(secret), client.ClientSecretPost(secret)]) {
      await expect(ask('client_secret_jwt', sent)).rejects.toEqual(refused)
    }
    await expect(ask('client_secret_basic', client.ClientSecretJwt(secret))).rejects.toEqual(
      refused,
    )
  })

  test('its secret is in no log line', () => {
    expect(identity.log.length).toBeGreaterThan(3)
    expect(JSON.stringify(identity.log)).not.toContain(secret)
  })
})
