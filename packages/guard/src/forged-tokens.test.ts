import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGuard } from './guard.ts'
import { type GuardedIssuer, refused, startGuardedIssuer } from './testing/guarded-issuer.ts'
import {
  audience,
  createIssuerKey,
  type IssuerKey,
  type LoopbackIssuer,
  signRaw,
  startIssuer,
} from './testing/loopback-issuer.ts'

/** Tokens that nobody issued. Rows are named as in the attack catalogue, section 2.9. */

let guarded: GuardedIssuer
let issuer: LoopbackIssuer
let attacker: IssuerKey

beforeAll(async () => {
  guarded = await startGuardedIssuer()
  issuer = guarded.issuer
  attacker = await createIssuerKey('ES256', 'first')
  expect(await guarded.verdict(await issuer.sign())).toBe('allowed')
})

afterAll(() => guarded.close())

async function expectRefused(accessToken: string) {
  expect(await guarded.verdict(accessToken)).toBe(refused)
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

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

    expect(await guarded.claimsOf(await signRaw(header, doubled, key))).toMatchObject({
      sub: 'alice',
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

    expect(await guarded.claimsOf(accessToken)).toMatchObject({ sub: 'alice' })
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
