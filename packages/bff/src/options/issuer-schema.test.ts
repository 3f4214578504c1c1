import { generateKeyPairSync } from 'node:crypto'
import { createSecret, randomToken } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../config.ts'
import { createCertificate } from './certificate.fixture.ts'

const minimal = {
  publicUrl: 'https://app.example',
  issuer: 'https://idp.example',
  clientId: 'app',
  sealKeys: [{ kid: 'k1', key: createSecret(randomToken()) }],
}
const ec = (namedCurve: string) =>
  generateKeyPairSync('ec', { namedCurve }).privateKey.export({ format: 'jwk' })
const rsa = (modulusLength: number) =>
  generateKeyPairSync('rsa', { modulusLength }).privateKey.export({ format: 'jwk' })
const ed25519 = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
const [p256, p384, rsa2048] = [ec('P-256'), ec('P-384'), rsa(2048)]
const { d: _, ...publicPart } = p256
const own = createCertificate()
const other = createCertificate()

const problemOf = (options: object) => {
  try {
    parseConfig({ ...minimal, clientAuthentication: { secret: randomToken() }, ...options })
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_CONFIG_INVALID' })
    return (error as Error).message
  }
  return undefined
}
const problemOfKey = (jwk: object) =>
  problemOf({ requestObjectKey: { kid: 'a', ...jwk }, requestObject: 'always' })

describe('client authentication', () => {
  const key = { ...p256, kid: 'a', alg: 'ES256' }

  test.each([
    ['a key', { privateKey: key }],
    ['several keys', { privateKey: [key, { ...ed25519, kid: 'b', alg: 'EdDSA' }] }],
    ['a secret', { secret: randomToken() }],
    ['a secret in the body', { secret: randomToken(), method: 'client_secret_post' }],
    ['a secret that signs', { secret: randomToken(), method: 'client_secret_jwt' }],
    ['a certificate', { ...own }],
    ['a self-signed certificate', { ...own, method: 'self_signed_tls_client_auth' }],
  ])('may be %s', (_what, clientAuthentication) => {
    expect(problemOf({ clientAuthentication })).toBeUndefined()
  })

  test.each([
    ['BFF-01: nothing', {}],
    ['BFF-01: none', { method: 'none' }],
    ['a short secret', { secret: 'short' }],
    [
      'a secret with a method that sends none',
      { secret: randomToken(), method: 'private_key_jwt' },
    ],
    ['two ways at once', { secret: randomToken(), privateKey: key }],
    ['no keys', { privateKey: [] }],
    ['two keys with one kid', { privateKey: [key, { ...p384, kid: 'a', alg: 'ES384' }] }],
    ['a public key', { privateKey: { ...publicPart, kid: 'a', alg: 'ES256' } }],
    ['a certificate with a stranger’s key', { certificate: own.certificate, key: other.key }],
    ['a certificate that is none', { certificate: 'x', key: own.key }],
  ])('may not be %s', (_what, clientAuthentication) => {
    expect(problemOf({ clientAuthentication })).toContain('clientAuthentication')
  })
})

describe('a private key', () => {
  test.each([
    [{ ...rsa2048, alg: 'PS256' }],
    [{ ...rsa2048, alg: 'RS256' }],
    [{ ...p256, alg: 'ES256' }],
    [{ ...p384, alg: 'ES384' }],
    [{ ...ed25519, alg: 'EdDSA' }],
    [{ ...ed25519, alg: 'Ed25519' }],
  ])('signs: $alg', (jwk) => {
    expect(problemOfKey(jwk)).toBeUndefined()
  })

  test.each([
    ['RSA of 1024 bits', { ...rsa(1024), alg: 'PS256' }, 'at least 2048 bits'],
    ['the wrong curve', { ...p384, alg: 'ES256' }, 'crv P-256'],
    ['the wrong type', { ...rsa2048, alg: 'ES256' }, 'kty EC'],
    ['none', { ...p256, alg: 'none' }, 'alg must be one of'],
    ['a shared secret', { kty: 'oct', k: randomToken(), alg: 'HS256' }, 'alg must be one of'],
    ['a name from the prototype', { ...p256, alg: 'constructor' }, 'alg must be one of'],
    ['broken', { ...p256, x: 'AA', alg: 'ES256' }, 'no usable private key'],
  ])('with %s is refused', (_what, jwk, problem) => {
    const message = problemOfKey(jwk)
    expect(message).toContain(`requestObjectKey: `)
    expect(message).toContain(problem)
    if ('d' in jwk) expect(message).not.toContain(jwk.d)
  })
})

test.each([
  [{ senderConstraint: 'mtls' }, 'senderConstraint: mtls needs clientAuthentication with a'],
  [{ requestObject: 'always' }, 'requestObject: needs requestObjectKey'],
  [
    { requestObject: 'never', requestObjectKey: { ...p256, kid: 'a', alg: 'ES256' } },
    'requestObjectKey: signs nothing',
  ],
])('what does not go together is refused: %j', (options, problem) => {
  expect(problemOf(options)).toContain(problem)
})
