import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { jwkThumbprint, parsePublicJwk } from './public-jwk.ts'

const rsaOfRfc = {
  kty: 'RSA',
  n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
  e: 'AQAB',
  alg: 'RS256',
  kid: '2011-04-29',
}
const ed25519OfRfc = {
  kty: 'OKP',
  crv: 'Ed25519',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
}
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const sound = ec.publicKey.export({ format: 'jwk' })

describe('jwkThumbprint', () => {
  test('is that of the examples in RFC 7638 section 3.1 and RFC 8037 appendix A.3', () => {
    expect(jwkThumbprint(rsaOfRfc)).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
    expect(jwkThumbprint(ed25519OfRfc)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
  })

  test.each([{}, { kty: 'oct', k: 'AAAA' }, { kty: 'EC', crv: 'P-256', x: 'AAAA' }])(
    '%j has none',
    (jwk) => expect(() => jwkThumbprint(jwk)).toThrow(TypeError),
  )
})

describe('parsePublicJwk', () => {
  test('reads EC, OKP and RSA keys, and keeps the required members only', () => {
    expect(parsePublicJwk({ ...sound, kid: 'x' })?.jwk).toEqual(sound)
    expect(parsePublicJwk(ed25519OfRfc)?.jwk).toEqual(ed25519OfRfc)
    const { kty, n, e } = rsaOfRfc
    expect(parsePublicJwk(rsaOfRfc)?.jwk).toEqual({ kty, n, e })
  })

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['an array', []],
    ['a text', 'EC'],
    ['a private key', ec.privateKey.export({ format: 'jwk' })],
    ['an empty private member', { ...sound, d: '' }],
    ['private members of RSA', { ...rsaOfRfc, oth: [] }],
    ['a symmetric key', { kty: 'oct', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0' }],
    ['a public key that is symmetric too', { ...sound, k: 'AAAA' }],
    ['kty __proto__', { ...sound, kty: '__proto__' }],
    ['kty in an array', { ...sound, kty: ['EC'] }],
    ['a member missing', { ...sound, y: undefined }],
    ['a member that is a number', { ...sound, y: 1 }],
    ['an unknown curve', { ...sound, crv: 'P-1' }],
    ['a point that is not on the curve', { ...sound, y: sound.x }],
    ['the point at infinity', { ...sound, x: 'A'.repeat(43), y: 'A'.repeat(43) }],
    ['padding', { ...sound, x: `${sound.x}=` }],
    ['a leading zero', { ...rsaOfRfc, e: 'AAEAAQ' }],
    ['RSA of 1024 bits', rsa(1024)],
    ['RSA with exponent 3', { ...rsaOfRfc, e: 'Aw' }],
    ['RSA of 8192 bits', { ...rsaOfRfc, n: Buffer.alloc(1024, 0xff).toString('base64url') }],
  ])('refuses %s', (_, jwk) => {
    expect(parsePublicJwk(jwk)).toBeUndefined()
  })
})

function rsa(modulusLength: number) {
  return generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ format: 'jwk' })
}
