import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import * as client from 'openid-client'
import { describe, expect, test } from 'vitest'
import { openBrowser } from './testing/browser.ts'
import {
  type Attempt,
  beginSignIn,
  callbackUri,
  orders,
  redeem,
  signIn,
  startIdentity,
  useIdentity,
} from './testing/identity-fixture.ts'

const identity = useIdentity((options) => ({
  ...options,
  clients: options.clients.map((one) => {
    if (one.clientId === 'bff') {
      return {
        ...one,
        requirePushedAuthorizationRequests: true,
        responseModes: ['jwt', 'query.jwt', 'form_post.jwt'],
      }
    }
    const redirectUris = ['http://localhost:3000/partner']
    return one.clientId === 'partner'
      ? { ...one, consent: 'implicit', redirectUris, requireSignedRequestObject: true }
      : one
  }),
}))

const partnerAsk = {
  scope: 'openid orders.read',
  resource: [orders],
  redirectUri: 'http://localhost:3000/partner',
}

async function push(attempt: Attempt): Promise<Attempt> {
  const { searchParams } = attempt.url
  return {
    ...attempt,
    url: await client.buildAuthorizationUrlWithPAR(attempt.config, searchParams),
  }
}

describe('discovery', () => {
  test('names what clients of this server are registered for', async () => {
    const { config } = await beginSignIn(identity)
    expect(config.serverMetadata()).toMatchObject({
      pushed_authorization_request_endpoint: `${identity.issuer}/par`,
      request_parameter_supported: true,
      request_object_signing_alg_values_supported: ['ES256', 'PS256', 'RS256', 'Ed25519', 'EdDSA'],
      response_modes_supported: expect.arrayContaining(['jwt', 'query.jwt']),
      authorization_signing_alg_values_supported: ['ES256'],
    })
    expect(config.serverMetadata().tls_client_certificate_bound_access_tokens).toBeUndefined()
  })

  test('and nothing else', async () => {
    const plain = await startIdentity()
    try {
      const metadata = (await plain.discover('bff')).serverMetadata()
      expect(metadata.response_modes_supported).toEqual(['form_post', 'fragment', 'query'])
      expect(metadata.request_parameter_supported).toBeUndefined()
      expect(metadata.authorization_signing_alg_values_supported).toBeUndefined()
      expect(metadata.token_endpoint_auth_methods_supported).toEqual(['private_key_jwt', 'none'])
    } finally {
      await plain.close()
    }
  })
})

describe('a pushed authorization request', () => {
  test('signs a person in, once, and the answer is signed', async () => {
    const attempt = await push(
      await beginSignIn(identity, 'bff', { extra: { response_mode: 'jwt' } }),
    )
    expect([...attempt.url.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri'])
    const answer = await signIn(attempt)
    const location = new URL(String(answer.headers.location))
    expect([...location.searchParams.keys()]).toEqual(['response'])
    const { payload, protectedHeader } = await jwtVerify(
      String(location.searchParams.get('response')),
      createRemoteJWKSet(new URL(`${identity.issuer}/jwks`)),
      { issuer: identity.issuer, audience: 'bff' },
    )
    expect(protectedHeader.alg).toBe('ES256')
    expect(payload).toMatchObject({ code: expect.any(String), state: attempt.state })

    client.useJwtResponseMode(attempt.config)
    const tokens = await redeem(attempt, answer)
    expect(tokens.claims()?.nonce).toBe(attempt.nonce)

    const again = await openBrowser().visit(attempt.url.href)
    expect(new URL(String(again.headers.location)).searchParams.get('error')).toBe(
      'invalid_request_uri',
    )
  })

  test('goes without PKCE nowhere, and without authentication neither', async () => {
    const { config, url } = await beginSignIn(identity, 'bff', { extra: { response_mode: 'jwt' } })
    url.searchParams.delete('code_challenge')
    url.searchParams.delete('code_challenge_method')
    await expect(
      client.buildAuthorizationUrlWithPAR(config, url.searchParams),
    ).rejects.toMatchObject({ error: 'invalid_request' })
    const bare = await fetch(`${identity.issuer}/par`, { method: 'POST', body: url.searchParams })
    expect(bare.status).toBe(401)
  })

  test('is the only kind that its client may make', async () => {
    const attempt = await beginSignIn(identity, 'bff', { extra: { response_mode: 'jwt' } })
    const page = await attempt.browser.visit(attempt.url.href)
    const response = new URL(String(page.headers.location)).searchParams.get('response') ?? ''
    const keys = createRemoteJWKSet(new URL(`${identity.issuer}/jwks`))
    const { payload } = await jwtVerify(response, keys, { audience: 'bff' })
    expect(payload).toMatchObject({
      error: 'invalid_request',
      error_description: 'Pushed Authorization Request must be used',
    })
  })
})

describe('a response mode', () => {
  test('that the client is not registered for is refused', async () => {
    for (const mode of [undefined, 'query', 'form_post', 'fragment', 'fragment.jwt']) {
      const extra: Record<string, string> = mode === undefined ? {} : { response_mode: mode }
      const attempt = await beginSignIn(identity, 'bff', { extra })
      await expect(push(attempt), mode).rejects.toMatchObject({ error: 'invalid_request' })
    }
    const native = await beginSignIn(identity, 'native', {
      ...partnerAsk,
      redirectUri: 'http://127.0.0.1:8765/callback',
      extra: { response_mode: 'jwt' },
    })
    const page = await native.browser.visit(native.url.href)
    const { searchParams } = new URL(String(page.headers.location))
    expect(decodeJwt(searchParams.get('response') ?? '')).toMatchObject({
      error: 'invalid_request',
    })
  })

  test('form_post.jwt posts to the redirect URI, and the policy lets it', async () => {
    const attempt = await push(
      await beginSignIn(identity, 'bff', { extra: { response_mode: 'form_post.jwt' } }),
    )
    const page = await signIn(attempt)
    expect(page.status).toBe(200)
    expect(page.body).toContain(`action="${callbackUri}"`)
    expect(page.body).toMatch(/name="response" value="eyJ/)
    expect(page.headers['content-security-policy']).toContain(
      `form-action 'self' ${new URL(callbackUri).origin}`,
    )
  })
})

describe('a signed authorization request', () => {
  test('signs a person in', async () => {
    const attempt = await beginSignIn(identity, 'partner', partnerAsk)
    const key = identity.key('partner')
    const url = await client.buildAuthorizationUrlWithJAR(
      attempt.config,
      attempt.url.searchParams,
      key,
    )
    expect(url.searchParams.has('request')).toBe(true)
    const answer = await signIn({ ...attempt, url })
    const tokens = await redeem(attempt, answer)
    expect(tokens.claims()?.nonce).toBe(attempt.nonce)
  })

  test('is what its client must make, with its own key, pushed or not', async () => {
    const attempt = await beginSignIn(identity, 'partner', partnerAsk)
    const unsigned = await attempt.browser.visit(attempt.url.href)
    expect(String(unsigned.headers.location)).toContain('error=invalid_request')
    await expect(push(attempt)).rejects.toMatchObject({ error: 'invalid_request' })

    const foreign = await client.buildAuthorizationUrlWithJAR(
      attempt.config,
      attempt.url.searchParams,
      identity.key('bff'),
    )
    const refused = await openBrowser().visit(foreign.href)
    expect(`${refused.headers.location} ${refused.body}`).toContain('invalid_request_object')
  })
})
