import { generateKeyPairSync } from 'node:crypto'
import { createSecret, randomToken } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../config.ts'
import { assertSuitable } from '../oidc/issuer-demands.ts'
import type { BffConfig, BffOptions } from '../options.ts'
import { createCertificate } from './certificate.fixture.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
const key = (alg: string) => ({ ...rsa, kty: 'RSA', kid: alg, alg })

const strong: BffOptions = {
  publicUrl: 'https://app.example',
  issuer: 'https://idp.example',
  clientId: 'app',
  clientAuthentication: { privateKey: key('PS256') },
  sealKeys: [{ kid: 'k1', key: createSecret(randomToken()) }],
  profile: 'fapi2',
  senderConstraint: 'dpop',
}
const certified: Partial<BffOptions> = {
  clientAuthentication: createCertificate(),
  senderConstraint: 'mtls',
}

describe('fapi2 options', () => {
  test.each<[string, Partial<BffOptions>]>([
    ['a private key and DPoP', {}],
    ['a certificate and tokens bound to it', certified],
    ['a certificate and DPoP', { ...certified, senderConstraint: 'dpop' }],
    ['signed requests and responses', { requestObject: 'always', responseMode: 'query.jwt' }],
  ])('%s are strong enough', (_what, options) => {
    expect(parseConfig({ ...strong, ...options }).profile).toBe('fapi2')
  })

  test.each<[string, string, Partial<BffOptions>]>([
    ['a secret', 'clientAuthentication', { clientAuthentication: { secret: randomToken() } }],
    [
      'a secret that signs',
      'clientAuthentication',
      { clientAuthentication: { secret: randomToken(), method: 'client_secret_jwt' } },
    ],
    [
      'RS256',
      'clientAuthentication.privateKey[0]',
      { clientAuthentication: { privateKey: key('RS256') } },
    ],
    [
      'RS256 as the second key',
      'clientAuthentication.privateKey[1]',
      { clientAuthentication: { privateKey: [key('PS256'), key('RS256')] } },
    ],
    ['RS256 for requests', 'requestObjectKey', { requestObjectKey: key('RS256') }],
    ['no sender constraint', 'senderConstraint', { senderConstraint: 'none' }],
    ['no pushed requests', 'pushedAuthorization', { pushedAuthorization: 'never' }],
    ['an issuer over http', 'issuer', { issuer: 'http://localhost:3001' }],
    ['an internal URL over http', 'issuerInternalUrl', { issuerInternalUrl: 'http://idp' }],
    ['a public URL over http', 'publicUrl', { publicUrl: 'http://localhost:3000' }],
  ])('%s is refused', (_what, path, options) => {
    const attempt = () => parseConfig({ ...strong, ...options })
    expect(attempt).toThrow(`\n  ${path}: fapi2: `)
    expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }))
    expect(parseConfig({ ...strong, ...options, profile: undefined }).profile).toBeUndefined()
  })

  test('are refused all at once', () => {
    const weak = {
      clientAuthentication: { secret: randomToken() },
      senderConstraint: 'none' as const,
      pushedAuthorization: 'never' as const,
    }
    expect(() => parseConfig({ ...strong, ...weak })).toThrow(
      /clientAuthentication: fapi2[\s\S]*pushedAuthorization: fapi2[\s\S]*senderConstraint: fapi2/,
    )
  })
})

const suitable = {
  issuer: 'https://idp.example',
  pushed_authorization_request_endpoint: 'https://idp.example/request',
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: ['private_key_jwt', 'tls_client_auth'],
  token_endpoint_auth_signing_alg_values_supported: ['PS256'],
  id_token_signing_alg_values_supported: ['PS256', 'RS256'],
  authorization_signing_alg_values_supported: ['ES256'],
  authorization_response_iss_parameter_supported: true,
  dpop_signing_alg_values_supported: ['ES256'],
  tls_client_certificate_bound_access_tokens: true,
}

function problemsOf(config: BffConfig, metadata: object): string {
  try {
    assertSuitable(config, { ...suitable, ...metadata })
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_IDP_UNSUITABLE' })
    return (error as Error).message
  }
  return ''
}

describe('an issuer for fapi2', () => {
  test('is suitable when it states all of it', () => {
    expect(problemsOf(parseConfig(strong), {})).toBe('')
    expect(problemsOf(parseConfig({ ...strong, ...certified }), {})).toBe('')
  })

  test.each<[name: keyof typeof suitable, values: unknown[], Partial<BffOptions>?]>([
    ['pushed_authorization_request_endpoint', [undefined]],
    ['code_challenge_methods_supported', [undefined, ['plain']]],
    ['token_endpoint_auth_methods_supported', [undefined, ['client_secret_basic']]],
    ['token_endpoint_auth_signing_alg_values_supported', [['ES256']]],
    ['id_token_signing_alg_values_supported', [undefined, ['RS256'], []]],
    ['authorization_response_iss_parameter_supported', [undefined, false]],
    ['dpop_signing_alg_values_supported', [undefined, ['RS256']]],
    ['tls_client_certificate_bound_access_tokens', [undefined, false], certified],
    [
      'authorization_signing_alg_values_supported',
      [undefined, ['RS256'], ['none']],
      { responseMode: 'query.jwt' },
    ],
  ])('lacks %s when that is one of %j', (name, values, options = {}) => {
    const config = parseConfig({ ...strong, ...options })
    for (const value of values) expect(problemsOf(config, { [name]: value })).toContain(name)
  })

  test('hears all that is missing at once', () => {
    const message = problemsOf(parseConfig(strong), {
      code_challenge_methods_supported: ['plain'],
      dpop_signing_alg_values_supported: [],
      authorization_response_iss_parameter_supported: undefined,
    })
    expect(message).toContain('issuer https://idp.example:\n')
    expect(message).toContain('S256')
    expect(message).toContain('dpop_signing_alg_values_supported')
    expect(message).toContain('authorization_response_iss_parameter_supported')
  })
})

describe('an issuer without a profile', () => {
  const plain = (options: Partial<BffOptions>) =>
    parseConfig({ ...strong, profile: undefined, senderConstraint: 'none', ...options })

  test('may leave things unsaid', () => {
    expect(problemsOf(plain({}), Object.fromEntries(Object.keys(suitable).map((k) => [k])))).toBe(
      '',
    )
  })

  test.each<[string, Partial<BffOptions>, object]>([
    ['private_key_jwt', {}, { token_endpoint_auth_methods_supported: ['client_secret_basic'] }],
    ['PS256', {}, { token_endpoint_auth_signing_alg_values_supported: ['ES256'] }],
    ['query.jwt', { responseMode: 'query.jwt' }, { response_modes_supported: ['query'] }],
    [
      'pushed_authorization_request_endpoint',
      { pushedAuthorization: 'always' },
      { pushed_authorization_request_endpoint: undefined },
    ],
    [
      'pushedAuthorization is never',
      { pushedAuthorization: 'never' },
      { require_pushed_authorization_requests: true },
    ],
    ['requestObject is never', { requestObject: 'never' }, { require_signed_request_object: true }],
    [
      'requestObjectKey is missing',
      { clientAuthentication: { secret: randomToken() } },
      {
        require_signed_request_object: true,
        token_endpoint_auth_methods_supported: ['client_secret_basic'],
      },
    ],
  ])('is told about %s', (problem, options, metadata) => {
    expect(problemsOf(plain(options), metadata)).toContain(problem)
  })
})
