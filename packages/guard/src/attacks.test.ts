import { CompactEncrypt, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGuard, type Guard } from './guard.ts'
import {
  audience,
  createIssuerKey,
  type IssuerKey,
  type LoopbackIssuer,
  signRaw,
  startIssuer,
} from './testing/loopback-issuer.ts'

/** Rows are named as in the attack catalogue, section 2.9. */

let issuer: LoopbackIssuer
let attacker: IssuerKey
let guard: Guard

beforeAll(async () => {
  issuer = await startIssuer()
  attacker = await createIssuerKey('ES256', 'first')
  guard = createGuard({ issuer: issuer.issuer, audience })
  expect(await judge(await issuer.sign())).toMatchObject({ allowed: true })
})

afterAll(() => issuer.close())

function judge(accessToken: string, scopes = ['inventory.read']) {
  return guard.authorize({ headers: { authorization: `Bearer ${accessToken}` } }, { scopes })
}

async function expectRefused(accessToken: string) {
  const answer = await judge(accessToken)
  expect(answer).toMatchObject({ status: 401, problem: { code: 'ERR_TOKEN_INVALID' } })
  const challenge = `Bearer realm="${audience}", error="invalid_token"`
  expect(answer).toMatchObject({ headers: { 'www-authenticate': challenge } })
}

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

const now = () => Math.floor(Date.now() / 1000)

describe('A190 no signature', () => {
  test.each([
    ['alg none', { alg: 'none' }, ''],
    ['alg None', { alg: 'None' }, ''],
    ['alg NONE and some signature', { alg: 'NONE' }, 'AAAA'],
    ['alg missing', {}, 'AAAA'],
    ['alg empty', { alg: '' }, 'AAAA'],
    ['alg ES256 and an empty signature', { alg: 'ES256' }, ''],
    ['alg HS256', { alg: 'HS256' }, 'AAAA'],
  ])('%s', async (_, header, signature) => {
    const whole = encode({ typ: 'at+jwt', kid: 'first', ...header })
    await expectRefused(`${whole}.${encode(issuer.claims())}.${signature}`)
  })

  test('two dots only', () => expectRefused('..'))

  test('HS256 keyed with the public key', async () => {
    const secret = Buffer.from(JSON.stringify(issuer.key.jwk))
    const signing = new SignJWT(issuer.claims())
    signing.setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: 'first' })
    await expectRefused(await signing.sign(secret))
  })

  test('a signature by another key under the issuer’s kid', async () => {
    const signing = new SignJWT(issuer.claims())
    signing.setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'first' })
    await expectRefused(await signing.sign(attacker.privateKey))
  })
})

describe('A192 keys brought along', () => {
  test('jwk, jku, x5u and x5c are not looked at, and nothing is fetched', async () => {
    const trap = await startIssuer()
    const before = issuer.requests.length
    const members = [
      { jwk: attacker.jwk },
      { jku: `${trap.origin}/jwks` },
      { x5u: `${trap.origin}/chain` },
      { x5c: ['MIIB'] },
    ]
    for (const member of members) {
      const signing = new SignJWT(issuer.claims())
      signing.setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'first', ...member })
      await expectRefused(await signing.sign(attacker.privateKey))
    }
    expect(trap.requests).toEqual([])
    expect(issuer.requests).toHaveLength(before)
    await trap.close()
  })

  test('crit is refused, known or not', async () => {
    const head = { alg: 'ES256', typ: 'at+jwt', kid: 'first' }
    for (const member of [{ crit: ['exp'], exp: 1 }, { crit: ['b64'], b64: true }, { crit: [] }]) {
      const header = JSON.stringify({ ...head, ...member })
      const payload = JSON.stringify(issuer.claims())
      await expectRefused(await signRaw(header, payload, issuer.key.privateKey))
    }
  })
})

describe('A193 kid', () => {
  test.each([
    ['a path', '../../dev/null'],
    ['SQL', "' OR 1=1 --"],
    ['__proto__', '__proto__'],
    ['an array', ['first']],
    ['an object', { first: 1 }],
    ['16 KB', 'k'.repeat(16_000)],
  ])('%s', async (_, kid) => {
    const header = JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid })
    const payload = JSON.stringify(issuer.claims())
    await expectRefused(await signRaw(header, payload, issuer.key.privateKey))
  })
})

describe('A194 two keys of one kid', () => {
  test('the one whose kty and alg fit is taken; two that fit are refused', async () => {
    const own = await startIssuer()
    const rsa = await createIssuerKey('RS256', 'first')
    own.keys.unshift(rsa.jwk)
    const accessToken = await own.sign()
    const twoKinds = createGuard({ issuer: own.issuer, audience })
    own.keys.push(attacker.jwk)
    const twoAlike = createGuard({ issuer: own.issuer, audience })
    own.keys.pop()
    const request = { headers: { authorization: `Bearer ${accessToken}` } }

    expect(await twoKinds.authorize(request, { scopes: [] })).toMatchObject({ allowed: true })
    own.keys.push(attacker.jwk)
    expect(await twoAlike.authorize(request, { scopes: [] })).toMatchObject({ status: 401 })
    await own.close()
  })
})

describe('A196 JSON', () => {
  const header = '{"alg":"ES256","typ":"at+jwt","kid":"first"}'

  test('of two members of a name the last one counts, for the signature as for the claims', async () => {
    const payload = JSON.stringify(issuer.claims())
    const doubled = payload.replace('{', '{"sub":"mallory",')
    const key = issuer.key.privateKey

    expect(await judge(await signRaw(header, doubled, key))).toMatchObject({
      claims: { sub: 'alice' },
    })
    await expectRefused(await signRaw(header.replace(/}$/, ',"alg":"none"}'), payload, key))
  })

  test.each([
    ['an array', '[]'],
    ['null', 'null'],
    ['a string', '"alice"'],
    ['nothing', ' '],
    ['not JSON', '{'],
  ])('a payload that is %s', async (_, payload) => {
    await expectRefused(await signRaw(header, payload, issuer.key.privateKey))
  })

  test('a leading byte order mark is skipped', async () => {
    const payload = `\uFEFF${JSON.stringify(issuer.claims())}`
    const accessToken = await signRaw(header, payload, issuer.key.privateKey)

    expect(await judge(accessToken)).toMatchObject({ claims: { sub: 'alice' } })
  })

  test('UTF-16', async () => {
    const payload = [...JSON.stringify(issuer.claims())].join('\0')
    await expectRefused(await signRaw(header, payload, issuer.key.privateKey))
  })
})

describe('A197 one spelling', () => {
  test('unused bits set in any segment', async () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    let tried = 0
    // A claim of growing length gives every remainder of the payload's length.
    for (const pad of ['', 'x', 'xx']) {
      const segments = (await issuer.sign({ pad })).split('.')
      for (const [at, segment] of segments.entries()) {
        if (segment.length % 4 === 0) continue
        const last = segment.slice(-1)
        const other = alphabet[alphabet.indexOf(last) + 1] as string
        const changed = segments.with(at, segment.slice(0, -1) + other).join('.')
        const bytes = (text: string) => Buffer.from(text, 'base64url').toString('hex')
        expect(bytes(changed.split('.')[at] as string)).toBe(bytes(segment))
        await expectRefused(changed)
        tried += 1
      }
    }
    expect(tried).toBeGreaterThan(4)
  })

  test('padding, the other alphabet', async () => {
    const accessToken = await issuer.sign()
    await expectRefused(`${accessToken}==`)
    await expectRefused(accessToken.replaceAll('-', '+').replaceAll('_', '/').concat('+/+/'))
  })

  test('four segments', async () => expectRefused(`${await issuer.sign()}.AAAA`))

  test('a signature cut short', async () => {
    await expectRefused((await issuer.sign()).slice(0, -4))
  })
})

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
      expect(await judge(await issuer.sign(claims))).toMatchObject({ allowed: true })
    }
  })
})

test('A202 a client that is named like a person is not that person', async () => {
  const accessToken = await issuer.sign({ sub: 'alice', client_id: 'alice' })
  const request = { headers: { authorization: `Bearer ${accessToken}` } }

  const answer = await guard.authorize(request, { scopes: ['inventory.read'], subject: 'person' })

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
    expect(await judge(fits)).toMatchObject({ allowed: true })
    await expectRefused(await issuer.sign({ pad: 'x'.repeat(12_300) }))
  })

  test('deeply nested claims do no harm', async () => {
    const payload = JSON.stringify({ ...issuer.claims(), deep: 'DEEP' })
    const nested = payload.replace('"DEEP"', `${'['.repeat(5000)}${']'.repeat(5000)}`)
    const header = '{"alg":"ES256","typ":"at+jwt","kid":"first"}'

    const accessToken = await signRaw(header, nested, issuer.key.privateKey)

    expect(await judge(accessToken)).toMatchObject({ allowed: true })
  })

  test('claims named __proto__ and constructor are only claims', async () => {
    const payload = JSON.stringify(issuer.claims()).replace(
      '{',
      '{"__proto__":{"scope":"inventory.reserve"},"constructor":"x","toString":"y",',
    )
    const header = '{"alg":"ES256","typ":"at+jwt","kid":"first"}'
    const accessToken = await signRaw(header, payload, issuer.key.privateKey)

    const answer = await judge(accessToken)

    expect(answer).toMatchObject({ allowed: true, claims: { constructor: 'x', sub: 'alice' } })
    expect(answer.allowed && Object.getPrototypeOf(answer.claims)).toBe(null)
    expect(Reflect.get({}, 'scope')).toBeUndefined()
  })
})

test('A210 a token passed on unchanged to the next API', async () => {
  await expectRefused(await issuer.sign({ aud: 'http://localhost:3011' }))
})
