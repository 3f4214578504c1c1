import { systemClock } from '@sallyport/core'
import { createTelemetry } from '@sallyport/telemetry'
import { calculateJwkThumbprint, decodeProtectedHeader, type JWK } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createDpopKey } from '../../packages/bff/src/oidc/dpop-key.ts'
import { createOidcClient } from '../../packages/bff/src/oidc/oidc-client.ts'
import { createScriptedBff } from '../world/scripted-bff.ts'
import { createScriptedIssuer, type ScriptedIssuer } from '../world/scripted-issuer.ts'

let issuer: ScriptedIssuer
beforeAll(async () => {
  issuer = await createScriptedIssuer()
})
afterAll(() => issuer.close())
afterEach(() => issuer.reset())

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
const telemetry = createTelemetry({ service: 'bff', level: 'silent' })

function createClient(senderConstraint: 'none' | 'dpop' = 'none') {
  const { config } = createScriptedBff(issuer.url, { senderConstraint }).bff
  return createOidcClient(config, telemetry, systemClock)
}

const formOf = (path: string) =>
  Object.fromEntries(issuer.calls.find((call) => call.path === path)?.form ?? [])
const withoutIdToken = { id_token: undefined }

describe('the token endpoint is asked', () => {
  test('for a token of our own', async () => {
    issuer.token = { ...withoutIdToken, scope: 'a' }
    const request = { resource: 'https://a.example', scopes: ['a', 'b'] }
    const grant = await createClient().clientCredentials(request)
    expect(formOf('/token')).toEqual({
      grant_type: 'client_credentials',
      resource: 'https://a.example',
      scope: 'a b',
    })
    expect(grant).toMatchObject({ accessToken: 'opaque', tokenType: 'Bearer', scope: 'a' })
  })

  test('for another token of the same person', async () => {
    issuer.token = { ...withoutIdToken, issued_token_type: accessTokenType }
    const request = { subjectToken: 'theirs', audience: 'api', scopes: ['a'] }
    await createClient().exchange(request)
    expect(formOf('/token')).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: 'theirs',
      subject_token_type: accessTokenType,
      requested_token_type: accessTokenType,
      audience: 'api',
      scope: 'a',
    })
  })

  test.each([
    ['nothing', undefined],
    ['a refresh token', 'urn:ietf:params:oauth:token-type:refresh_token'],
    ['an ID token', 'urn:ietf:params:oauth:token-type:id_token'],
  ])('OA-08: an exchange that says it gave %s is refused', async (_what, issued_token_type) => {
    issuer.token = { ...withoutIdToken, issued_token_type }
    const exchange = createClient().exchange({ subjectToken: 'theirs' })
    await expect(exchange).rejects.toMatchObject({ code: 'ERR_IDP_RESPONSE_INVALID' })
  })

  test.each(['N_A', 'mac'])('OA-08: an exchange with token_type %s is refused', async (type) => {
    issuer.token = { ...withoutIdToken, issued_token_type: accessTokenType, token_type: type }
    const exchange = createClient().exchange({ subjectToken: 'theirs' })
    await expect(exchange).rejects.toMatchObject({ code: 'ERR_IDP_RESPONSE_INVALID' })
  })

  test('for less than the session has', async () => {
    issuer.token = withoutIdToken
    const request = { refreshToken: 'r', subject: 'alice', resource: 'https://a.example' }
    await createClient().refresh({ ...request, scopes: ['a'] })
    expect(formOf('/token')).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'r',
      resource: 'https://a.example',
      scope: 'a',
    })
  })

  test('with the key that is given, and without one nothing is asked', async () => {
    issuer.token = { ...withoutIdToken, token_type: 'DPoP', issued_token_type: accessTokenType }
    const oidc = createClient('dpop')
    const dpopKey = createDpopKey()
    const request = { refreshToken: 'r', subject: 'alice' }
    await oidc.refresh({ ...request, dpopKey })
    await oidc.clientCredentials({ dpopKey })
    await oidc.exchange({ subjectToken: 'theirs', dpopKey })
    const calls = issuer.calls.filter(({ path }) => path === '/token')
    for (const { headers } of calls) {
      const { jwk } = decodeProtectedHeader(String(headers.dpop))
      expect(await calculateJwkThumbprint(jwk as JWK)).toBe(await calculateJwkThumbprint(dpopKey))
    }
    expect(calls).toHaveLength(3)
    await expect(oidc.refresh(request)).rejects.toThrow(TypeError)
    expect(issuer.calls.filter(({ path }) => path === '/token')).toHaveLength(3)
  })

  test.each([
    [{ refresh_expires_in: 1800 }, 1800],
    [{ refresh_token_expires_in: 1800 }, 1800],
    [{ refresh_token_expires_in: '1800' }, 1800],
    [{ refresh_expires_in: 0 }, undefined],
    [{ refresh_expires_in: -1 }, undefined],
    [{ refresh_expires_in: null }, undefined],
    [{ refresh_expires_in: 'soon' }, undefined],
    [{ refresh_expires_in: 1e300 }, undefined],
    [{}, undefined],
  ])('and says how long the refresh token lives: %j', async (token, seconds) => {
    issuer.token = { ...withoutIdToken, ...token }
    const { refreshExpiresIn } = await createClient().refresh({ refreshToken: 'r', subject: 'a' })
    expect(refreshExpiresIn).toBe(seconds)
  })
})

test.each(['access_token', 'refresh_token'] as const)(
  'an %s is revoked by its name',
  async (hint) => {
    issuer.metadata = { revocation_endpoint: `${issuer.url}/revoke` }
    issuer.answers['/revoke'] = () => ({ body: '' })
    await createClient().revoke('gone', hint)
    expect(formOf('/revoke')).toEqual({ token: 'gone', token_type_hint: hint })
  },
)
