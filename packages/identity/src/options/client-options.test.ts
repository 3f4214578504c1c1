import { generateKeyPairSync } from 'node:crypto'
import { createSecret, randomToken } from '@sallyport/core'
import type { JWK } from 'jose'
import { describe, expect, test } from 'vitest'
import { createCertificate } from '../testing/certificates.ts'
import type { IdentityClientOptions } from './identity-options.ts'
import { parseIdentityOptions } from './parse-options.ts'

const certified = createCertificate({ subject: [['CN', 'client']] })
const jwk = certified.publicKey.export({ format: 'jwk' }) as JWK
const otherJwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
  format: 'jwk',
}) as JWK

const client: IdentityClientOptions = {
  clientId: 'client',
  name: 'Client',
  redirectUris: ['https://app.example/cb'],
  postLogoutRedirectUris: [],
  grantTypes: ['authorization_code'],
  scopes: ['openid'],
  resources: [],
  consent: 'implicit',
}

function problemsOf(change: object, issuer = 'https://id.example'): string {
  try {
    const clients = [{ ...client, ...change }] as IdentityClientOptions[]
    parseIdentityOptions({ issuer, dataDir: 'data', clients, resources: [], accounts: [] })
  } catch (error) {
    return (error as Error).message
  }
  return ''
}

const withSecret = (secret: unknown, method = 'client_secret_basic') => ({
  clientAuthentication: { method, secret },
})
const byName = (subjectDn: string) => ({
  clientAuthentication: { method: 'tls_client_auth', subjectDn },
})

describe('client authentication', () => {
  test.each([
    [{}],
    [{ jwks: { keys: [jwk] } }],
    [{ jwks: { keys: [jwk] }, clientAuthentication: { method: 'none' } }],
    [withSecret(createSecret(randomToken()))],
    [withSecret(createSecret(randomToken()), 'client_secret_jwt')],
    [byName('CN=bff')],
    [byName('CN=by\\, name\\+,O=Example+OU=x=y,C=GB')],
    [
      {
        jwks: { keys: [{ ...jwk, x5c: [certified.x5c] }, otherJwk] },
        clientAuthentication: { method: 'self_signed_tls_client_auth' },
      },
    ],
  ])('takes %j', (change) => {
    expect(problemsOf(change)).toBe('')
  })

  test.each<[object, string]>([
    [withSecret(randomToken()), 'clientAuthentication.secret: must be made by createSecret'],
    [withSecret(createSecret('x'.repeat(31))), 'secret: must be 32 to 256 of'],
    [withSecret(createSecret(`${randomToken()}+`)), 'secret: must be 32 to 256 of'],
    [withSecret(createSecret('abab'.repeat(10))), 'secret: is not random'],
    [{ clientAuthentication: { method: 'client_secret_basic' } }, 'clientAuthentication.secret'],
    [{ clientAuthentication: { method: 'private_key_jwt' } }, "needs the client's public keys"],
    [{ clientAuthentication: { method: 'password' } }, 'clientAuthentication.method'],
    [
      { clientAuthentication: { method: 'none', secret: createSecret(randomToken()) } },
      'unknown key "secret"',
    ],
    [byName('bff'), 'must be a distinguished name'],
    [byName('CN=bff, O=Example'), 'must be a distinguished name'],
    [byName('CN=bff,'), 'ends with a separator'],
    [byName(''), 'must be a distinguished name'],
    [
      { jwks: { keys: [jwk] }, clientAuthentication: { method: 'self_signed_tls_client_auth' } },
      'needs a key with its certificate (x5c)',
    ],
    [
      {
        jwks: { keys: [{ ...otherJwk, x5c: [certified.x5c] }] },
        clientAuthentication: { method: 'self_signed_tls_client_auth' },
      },
      'x5c is not a certificate of its key',
    ],
    [
      { dpopBoundAccessTokens: true, tlsBoundAccessTokens: true },
      'and dpopBoundAccessTokens exclude each other',
    ],
    [{ requireSignedRequestObject: true }, "needs the client's public keys"],
    [{ responseModes: ['query', 'jwtt'] }, 'clients[0].responseModes[1]'],
    [{ responseModes: [] }, 'clients[0].responseModes'],
    [
      {
        jwks: { keys: [jwk] },
        dpopBoundAccessTokens: true,
        tokenExchange: {
          subjectAudiences: ['https://a.example'],
          resources: ['https://a.example'],
        },
      },
      'gives bearer tokens',
    ],
  ])('refuses %j', (change, problem) => {
    const message = problemsOf(change)
    expect(message).toContain(problem)
  })

  test('by certificate needs an issuer that is reached by TLS', () => {
    const issuer = 'http://localhost:3001'
    expect(problemsOf(byName('CN=bff'), issuer)).toContain('needs an https issuer')
    expect(problemsOf({ tlsBoundAccessTokens: true }, issuer)).toContain('needs an https issuer')
  })

  test('A298: a secret that is refused is not in the message', () => {
    expect(problemsOf(withSecret('a-secret-in-the-clear'))).not.toContain('in-the-clear')
    expect(problemsOf(withSecret(createSecret('a-short-secret')))).not.toContain('a-short')
  })

  test('a client with a secret is confidential, one with keys that says none is public', () => {
    const grantTypes = ['client_credentials']
    expect(problemsOf({ grantTypes, ...withSecret(createSecret(randomToken())) })).toBe('')
    const keys = { jwks: { keys: [jwk] }, clientAuthentication: { method: 'none' } }
    expect(problemsOf({ grantTypes, ...keys })).toContain('needs a confidential client')
  })
})
