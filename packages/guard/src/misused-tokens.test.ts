import { CompactEncrypt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type GuardedIssuer, refused, startGuardedIssuer } from './testing/guarded-issuer.ts'
import { audience, type LoopbackIssuer, signRaw } from './testing/loopback-issuer.ts'

/** Tokens issued for something else. Rows are named as in the attack catalogue, section 2.9. */

let guarded: GuardedIssuer
let issuer: LoopbackIssuer

beforeAll(async () => {
  guarded = await startGuardedIssuer()
  issuer = guarded.issuer
  expect(await guarded.verdict(await issuer.sign())).toBe('allowed')
})

afterAll(() => guarded.close())

async function expectRefused(accessToken: string) {
  expect(await guarded.verdict(accessToken)).toBe(refused)
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const now = () => Math.floor(Date.now() / 1000)

describe('A198 other kinds of token', () => {
  test.each([
    ['an ID token', { typ: 'JWT' }, { aud: 'bff', nonce: 'n' }],
    ['an ID token for this audience', { typ: 'JWT' }, {}],
    ['no typ', { typ: undefined }, {}],
    ['a logout token', { typ: 'logout+jwt' }, {}],
    ['a security event', { typ: 'secevent+jwt' }, {}],
    ['a DPoP proof', { typ: 'dpop+jwt' }, {}],
    ['a client assertion', { typ: 'client-authentication+jwt' }, {}],
    ['a token of another API', {}, { aud: 'http://localhost:3011' }],
    ['an audience that begins alike', {}, { aud: `${audience}/` }],
    ['no audience', {}, { aud: undefined }],
    ['a token without client_id', {}, { client_id: undefined }],
    ['a token without sub', {}, { sub: undefined }],
    ['a token without jti', {}, { jti: undefined }],
    ['a sub that is an object', {}, { sub: { toString: 'alice' } }],
    ['scopes in an array', {}, { scope: ['inventory.read'] }],
  ])('%s', async (_, header, claims) => {
    await expectRefused(await issuer.sign(claims, header))
  })
})

describe('A200 iss', () => {
  test.each([
    ['an array', () => [issuer.issuer, 'http://evil.example']],
    ['a trailing slash', () => `${issuer.issuer}/`],
    ['another tenant with the same key', () => `${issuer.issuer}/tenants/2`],
    ['missing', () => undefined],
    ['another case', () => issuer.issuer.toUpperCase()],
  ])('%s', async (_, iss) => expectRefused(await issuer.sign({ iss: iss() })))
})

describe('A201 dates', () => {
  test.each([
    ['exp missing', () => ({ exp: undefined })],
    ['exp a string', () => ({ exp: String(now() + 300) })],
    ['exp 1e300', () => ({ exp: 1e300 })],
    ['exp negative', () => ({ exp: -1 })],
    ['exp in milliseconds', () => ({ exp: (now() + 300) * 1000 })],
    ['expired 6 seconds ago', () => ({ exp: now() - 6 })],
    ['nbf in a minute', () => ({ nbf: now() + 60 })],
    ['iat missing', () => ({ iat: undefined })],
    ['iat in a minute', () => ({ iat: now() + 60 })],
    ['iat a string', () => ({ iat: 'now' })],
  ])('%s', async (_, claims) => expectRefused(await issuer.sign(claims())))

  test('a clock 4 seconds off is forgiven', async () => {
    for (const claims of [{ exp: now() - 3 }, { iat: now() + 4 }, { nbf: now() + 4 }]) {
      expect(await guarded.verdict(await issuer.sign(claims))).toBe('allowed')
    }
  })
})

test('A202 a client that is named like a person is not that person', async () => {
  const accessToken = await issuer.sign({ sub: 'alice', client_id: 'alice' })
  const request = { headers: { authorization: `Bearer ${accessToken}` } }

  const answer = await guarded.guard.authorize(request, {
    scopes: ['inventory.read'],
    subject: 'person',
  })

  expect(answer).toMatchObject({ status: 403, problem: { code: 'ERR_SCOPE_INSUFFICIENT' } })
})

test('A204 a sender-constrained token presented as bearer', async () => {
  await expectRefused(await issuer.sign({ cnf: { jkt: 'x' } }))
  await expectRefused(await issuer.sign({ cnf: { 'x5t#S256': 'x' } }))
})

test('A205 an encrypted token, with p2c out of bounds or not', async () => {
  const plaintext = Buffer.from(JSON.stringify(issuer.claims()))
  const encrypting = new CompactEncrypt(plaintext)
  encrypting.setProtectedHeader({ alg: 'dir', enc: 'A256GCM', typ: 'at+jwt' })
  await expectRefused(await encrypting.encrypt(new Uint8Array(32)))
  const header = { alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2 ** 31, p2s: 'AAAA' }
  await expectRefused(`${encode(header)}.AAAA.AAAA.AAAA.AAAA`)
})

describe('A206 size and shape', () => {
  test('1 MB', () => expectRefused('a'.repeat(1_000_000)))

  test('a token that holds, but is longer than the limit', async () => {
    const fits = await issuer.sign({ pad: 'x'.repeat(11_500) })
    expect(await guarded.verdict(fits)).toBe('allowed')
    await expectRefused(await issuer.sign({ pad: 'x'.repeat(12_300) }))
  })

  test('deeply nested claims do no harm', async () => {
    const payload = JSON.stringify({ ...issuer.claims(), deep: 'DEEP' })
    const nested = payload.replace('"DEEP"', `${'['.repeat(5000)}${']'.repeat(5000)}`)
    const header = '{"alg":"ES256","typ":"at+jwt","kid":"first"}'

    const accessToken = await signRaw(header, nested, issuer.key.privateKey)

    expect(await guarded.verdict(accessToken)).toBe('allowed')
  })

  test('claims named __proto__ and constructor are only claims', async () => {
    const payload = JSON.stringify(issuer.claims()).replace(
      '{',
      '{"__proto__":{"scope":"inventory.reserve"},"constructor":"x","toString":"y",',
    )
    const header = '{"alg":"ES256","typ":"at+jwt","kid":"first"}'
    const accessToken = await signRaw(header, payload, issuer.key.privateKey)

    const claims = await guarded.claimsOf(accessToken)

    expect(claims).toMatchObject({ constructor: 'x', sub: 'alice' })
    expect(Object.getPrototypeOf(claims)).toBe(null)
    expect(Reflect.get({}, 'scope')).toBeUndefined()
  })
})

test('A210 a token passed on unchanged to the next API', async () => {
  await expectRefused(await issuer.sign({ aud: 'http://localhost:3011' }))
})
