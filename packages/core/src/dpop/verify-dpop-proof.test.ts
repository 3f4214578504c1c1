import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sha256 } from '../random.ts'
import { type DpopAlgorithm, dpopAlgorithms, toSigningKey } from './algorithms.ts'
import { createDpopProof } from './create-dpop-proof.ts'
import { generateDpopKey } from './dpop-key.ts'
import { type DpopExpectation, verifyDpopProof } from './verify-dpop-proof.ts'

const now = 1_800_000_000
const context = { clock: () => now }
const accessToken = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU'
const htu = 'https://api.example/orders'
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = publicKey.export({ format: 'jwk' })
const expected: DpopExpectation = { htm: 'POST', htu, accessToken }

interface Forgery {
  header?: Record<string, unknown>
  payload?: Record<string, unknown>
  key?: KeyObject
  hash?: string | undefined
}

/** A proof that holds, but for the changes; a member given as `undefined` is left out. */
function forge({ header, payload, key = privateKey, hash = 'sha256' }: Forgery = {}): string {
  const parts = [
    { typ: 'dpop+jwt', alg: 'ES256', jwk, ...header },
    { jti: 'one', htm: 'POST', htu, iat: now, ath: sha256(accessToken), ...payload },
  ]
  return signRaw(
    parts.map((part) => JSON.stringify(part)),
    { key, hash },
  )
}

function signRaw(parts: string[], { key = privateKey, hash = 'sha256' }: Forgery = {}): string {
  const signed = parts.map((part) => Buffer.from(part).toString('base64url')).join('.')
  const signature = sign(hash === '' ? undefined : hash, Buffer.from(signed), toSigningKey(key))
  return `${signed}.${signature.toString('base64url')}`
}

function expectRefused(proof: string, changes: Partial<DpopExpectation> = {}): void {
  const judge = () => verifyDpopProof(proof, { ...expected, ...changes }, context)
  expect(judge).toThrow(expect.objectContaining({ code: 'ERR_DPOP_PROOF_INVALID' }))
}

test('the proofs of RFC 9449 sections 4.1 and 7.1 hold', () => {
  const proof =
    'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg'
  const atTokenEndpoint = { htm: 'POST', htu: 'https://server.example.com/token' }

  const held = verifyDpopProof(proof, atTokenEndpoint, { clock: () => 1_562_262_616 })

  expect(held).toEqual({
    jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I',
    jti: '-BwC3ESc6acc2lTc',
    iat: 1_562_262_616,
  })
  expect(sha256(accessToken)).toBe('fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo')
})

describe('what is created', () => {
  const key = generateDpopKey()

  test('verifies for the same request and for no other', () => {
    const method = fc.constantFrom('GET', 'POST', 'DELETE')
    const text = fc.string({ unit: 'binary' })
    const asked = fc.record({
      htm: method,
      htu: fc.webUrl({ withQueryParameters: true, withFragments: true }),
      accessToken: text,
      nonce: fc.option(text, { nil: undefined }),
    })
    fc.assert(
      fc.property(asked, fc.nat({ max: 60 }), ({ nonce, ...request }, age) => {
        const named = nonce === undefined ? {} : { nonce }
        const proof = createDpopProof({ key, ...request, ...named }, context)
        const judge = (changes: Partial<DpopExpectation>) => () =>
          verifyDpopProof(proof, { ...request, ...changes }, { clock: () => now + age })
        const held = judge({ jkt: key.jkt })()
        expect(held).toEqual({ jkt: key.jkt, jti: held.jti, iat: now, ...named })
        expect(judge({ htm: `${request.htm}X` })).toThrow('htm')
        expect(judge({ htu: 'https://other.invalid/' })).toThrow('htu')
        expect(judge({ accessToken: `${request.accessToken}x` })).toThrow('ath')
        expect(judge({ jkt: generateDpopKey().jkt })).toThrow('another key')
        expect(judge({ maxAge: age - 1 })).toThrow('iat')
      }),
      { numRuns: 50 },
    )
  })

  test('has another jti each time, and neither query nor fragment in htu', () => {
    const create = () =>
      createDpopProof({ key, htm: 'GET', htu: `${htu}?code=secret#x`, accessToken }, context)
    const payloads = Array.from({ length: 100 }, () => {
      const [, payload = ''] = create().split('.')
      return JSON.parse(Buffer.from(payload, 'base64url').toString())
    })
    expect(new Set(payloads.map(({ jti }) => jti)).size).toBe(100)
    expect(payloads[0].htu).toBe(htu)
  })
})

test.each<[DpopAlgorithm, KeyObject]>([
  ['ES256', privateKey],
  ['ES384', generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey],
  ['ES512', generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey],
  ['Ed25519', generateKeyPairSync('ed25519').privateKey],
  ['EdDSA', generateKeyPairSync('ed25519').privateKey],
  ['PS256', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
  ['PS512', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
])('%s proofs hold where they are accepted, and nowhere else', (alg, key) => {
  const { hash = '' } = dpopAlgorithms[alg] as { hash?: string }
  const { kty, crv, x, y, n, e } = key.export({ format: 'jwk' })
  const proof = forge({ header: { alg, jwk: { kty, crv, x, y, n, e } }, key, hash })

  expect(verifyDpopProof(proof, { ...expected, algorithms: [alg] }, context).iat).toBe(now)
  expectRefused(proof, { algorithms: alg === 'ES256' ? ['ES384'] : ['ES256'] })
})

describe('A204 proofs that do not hold', () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })

  test('the one they are made from does', () => {
    expect(verifyDpopProof(forge(), expected, context)).toMatchObject({ jti: 'one', iat: now })
  })

  test.each<[string, Forgery]>([
    ['typ JWT', { header: { typ: 'JWT' } }],
    ['typ missing', { header: { typ: undefined } }],
    ['typ of an access token', { header: { typ: 'at+jwt' } }],
    ['alg none', { header: { alg: 'none' } }],
    ['alg HS256', { header: { alg: 'HS256' } }],
    ['alg missing', { header: { alg: undefined } }],
    ['alg constructor', { header: { alg: 'constructor' } }],
    ['alg in an array', { header: { alg: ['ES256'] } }],
    ['alg RS256', { header: { alg: 'RS256' } }],
    ['a key of another type than its alg', { header: { alg: 'PS256' } }],
    ['a key of another curve', { header: publicOf(p384), key: p384.privateKey }],
    ['jwk missing', { header: { jwk: undefined } }],
    ['jwk with the private part', { header: { jwk: privateKey.export({ format: 'jwk' }) } }],
    ['a symmetric jwk', { header: { jwk: { kty: 'oct', k: 'AAAA' } } }],
    ['the jwk of another key', { header: publicOf(other) }],
    ['crit', { header: { crit: ['x'], x: 1 } }],
    ['jti missing', { payload: { jti: undefined } }],
    ['jti empty', { payload: { jti: '' } }],
    ['jti a number', { payload: { jti: 1 } }],
    ['jti of 257 characters', { payload: { jti: 'x'.repeat(257) } }],
    ['htm missing', { payload: { htm: undefined } }],
    ['another htm', { payload: { htm: 'GET' } }],
    ['htm in lower case', { payload: { htm: 'post' } }],
    ['htu missing', { payload: { htu: undefined } }],
    ['htu a number', { payload: { htu: 1 } }],
    ['htu in an array', { payload: { htu: [htu] } }],
    ['htu of another path', { payload: { htu: `${htu}/1` } }],
    ['htu of another host', { payload: { htu: 'https://api.example.evil/orders' } }],
    ['htu of another scheme', { payload: { htu: 'http://api.example/orders' } }],
    ['htu as a proxy sees it', { payload: { htu: 'http://10.0.0.7:3011/orders' } }],
    ['htu with a user name', { payload: { htu: 'https://api.example@api.example/orders' } }],
    ['iat missing', { payload: { iat: undefined } }],
    ['iat a text', { payload: { iat: String(now) } }],
    ['iat null', { payload: { iat: null } }],
    ['iat 61 seconds ago', { payload: { iat: now - 61 } }],
    ['iat ten minutes ago', { payload: { iat: now - 600 } }],
    ['iat in 6 seconds', { payload: { iat: now + 6 } }],
    ['iat in ten minutes', { payload: { iat: now + 600 } }],
    ['iat in milliseconds', { payload: { iat: now * 1000 } }],
    ['ath missing', { payload: { ath: undefined } }],
    ['ath of another token', { payload: { ath: sha256('other') } }],
    ['ath with padding', { payload: { ath: `${sha256(accessToken)}=` } }],
    ['ath in an array', { payload: { ath: [sha256(accessToken)] } }],
    ['nonce a number', { payload: { nonce: 1 } }],
  ])('%s', (_, forgery) => expectRefused(forge(forgery)))

  test('htu in another spelling, with a query or a fragment, is the same resource', () => {
    for (const spelling of ['HTTPS://API.example:443/%6Frders', `${htu}?a=b`, `${htu}#a`]) {
      const proof = forge({ payload: { htu: spelling } })
      expect(verifyDpopProof(proof, expected, context).jti).toBe('one')
    }
    const proof = forge()
    expect(verifyDpopProof(proof, { ...expected, htu: `${htu}?a=b` }, context).jti).toBe('one')
  })

  test('a request whose URL cannot be normalised has no proof', () => {
    expectRefused(forge({ payload: { htu: undefined } }), { htu: 'nonsense' })
  })

  test('the key is not the one the token is bound to', () => {
    expectRefused(forge(), { jkt: 'x' })
    expectRefused(forge(), { jkt: '' })
    expectRefused(forge({ header: publicOf(other), key: other.privateKey }), {
      jkt: verifyDpopProof(forge(), expected, context).jkt,
    })
  })

  test('any one character of it is another', () => {
    const proof = forge()
    for (let index = 0; index < proof.length; index++) {
      const letter = proof[index] === 'A' ? 'B' : 'A'
      expectRefused(proof.slice(0, index) + letter + proof.slice(index + 1))
    }
  })

  test.each([
    ['nothing', () => ''],
    ['two proofs joined, as Node joins headers', () => `${forge()}, ${forge()}`],
    ['two parts', () => forge().split('.').slice(0, 2).join('.')],
    ['no signature', () => `${forge().split('.').slice(0, 2).join('.')}.`],
    ['a signature in DER', () => derSigned()],
    ['more than fits a header', () => forge({ payload: { pad: 'x'.repeat(8192) } })],
    ['a header that is an array', () => signRaw(['[]', '{}'])],
    ['a header that is null', () => signRaw(['null', '{}'])],
    ['a header that is not JSON', () => signRaw(['{', '{}'])],
    ['a header with a byte order mark', () => signRaw([`\uFEFF${parts()[0]}`, parts()[1]])],
    ['a payload that is an array', () => signRaw([parts()[0], '[]'])],
    ['a payload that is not JSON', () => signRaw([parts()[0], '{'])],
  ])('%s', (_, make) => expectRefused(make()))

  test('no text makes it throw anything else', () => {
    const segment = fc.json().map((text) => Buffer.from(text).toString('base64url'))
    const compact = fc.tuple(segment, segment, segment).map((segments) => segments.join('.'))
    fc.assert(fc.property(fc.oneof(fc.string(), compact), (proof) => expectRefused(proof)))
  })

  function publicOf({ publicKey }: { publicKey: KeyObject }) {
    return { jwk: publicKey.export({ format: 'jwk' }) }
  }

  function parts(): [string, string] {
    const [header = '', payload = ''] = forge()
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString())
    return [header, payload]
  }

  function derSigned(): string {
    const signed = forge().split('.').slice(0, 2).join('.')
    return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`
  }
})
