import { createSecret, parseCookies, randomToken } from '@sallyport/core'
import type { SessionKey } from '@sallyport/session'
import { createTelemetry } from '@sallyport/telemetry'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSealedCookies, type SealedSession } from './sealed-cookies.ts'

const sealKeys = [{ kid: 'k1', key: createSecret(randomToken()) }]
const { log } = createTelemetry({ service: 'bff', level: 'silent' })
const options = { sealKeys, frontend: 'https://app.example', basePath: '', log }
const cookieSet = createSealedCookies(options)

function session(idTokenLength: number, changes: Partial<SealedSession> = {}): SealedSession {
  const claims = { iss: 'https://idp.example', sub: 'alice' }
  const times = { createdAt: 1, absoluteExpiresAt: 3, expiresAt: 2 }
  return {
    generation: 1,
    record: {
      ...{ key: 'key' as SessionKey, frontend: options.frontend, ...times },
      ...{ issuer: claims.iss, subject: claims.sub },
    },
    content: { claims, idToken: 'x'.repeat(idTokenLength), accessTokens: {} },
    ...changes,
  }
}

/** What a browser would send back, and what it was told to forget. */
function sent(setCookies: readonly string[]) {
  const pairs = setCookies.map((one) => one.split(';', 1)[0] as string)
  return parseCookies(pairs.filter((pair) => !pair.endsWith('=')).join('; '))
}

const write = (value: SealedSession) => cookieSet.write(value) as string[]

describe('a session in cookies', () => {
  test.each([
    [100, 1],
    [4000, 2],
    [7500, 3],
  ])('of about %i bytes takes %i of them, and removes the others', (length, count) => {
    const setCookies = write(session(length))
    expect(sent(setCookies)).toHaveLength(count)
    expect(setCookies.filter((one) => one.endsWith('; Max-Age=0'))).toHaveLength(3 - count)
    expect(cookieSet.read(sent(setCookies))).toEqual(session(length))
  })

  test('BFF-03..08, CK-05: has every protecting attribute, and a size that browsers take', () => {
    for (const setCookie of write(session(7500))) {
      expect(setCookie).toMatch(
        /^__Host-Http-bff(?:\.[12])?=[\w~.-]+; Path=\/; Secure; HttpOnly; SameSite=Strict$/,
      )
      expect(setCookie.split(';', 1)[0]?.length).toBeLessThanOrEqual(4096)
    }
  })

  test('A069: that needs a fourth one is not written', () => {
    expect(cookieSet.write(session(9000))).toBeUndefined()
  })

  test('shows nothing of what it holds', () => {
    const secret = 'planted-refresh-token'
    const value = session(10)
    const setCookies = write({ ...value, content: { ...value.content, refreshToken: secret } })
    for (const { value: text } of sent(setCookies)) {
      for (const encoding of ['base64url', 'hex', 'latin1'] as const) {
        expect(Buffer.from(text, encoding).toString('latin1')).not.toContain('planted')
      }
    }
  })

  test('A068: of which a chunk is missing, of another set, or one too many is none, or the same', () => {
    const [one, two] = [sent(write(session(7500))), sent(write(session(7500)))]
    const chunk = (of: typeof one, i: number) => of[i] as { name: string; value: string }
    for (let i = 0; i < 3; i += 1) {
      expect(cookieSet.read(one.filter((_, at) => at !== i))).toBeUndefined()
      expect(
        cookieSet.read(one.map((pair, at) => (at === i ? chunk(two, i) : pair))),
      ).toBeUndefined()
    }
    // What is left of an earlier, larger set does not matter.
    const small = sent(write(session(10)))
    expect(cookieSet.read([...small, chunk(one, 1), chunk(one, 2)])).toEqual(session(10))
  })

  test('A060: of which a name comes twice with different values is none', () => {
    const cookies = sent(write(session(4000)))
    for (const { name } of cookies) {
      const planted = [...cookies, { name, value: 'x' }]
      expect(cookieSet.isAmbiguous(planted)).toBe(true)
      expect(cookieSet.read(planted)).toBeUndefined()
    }
  })

  test('A072: that was changed anywhere, or made up, opens nothing', () => {
    const cookies = sent(write(session(300)))
    const value = cookies[0]?.value as string
    const read = (text: string) => cookieSet.read([{ name: '__Host-Http-bff', value: text }])
    fc.assert(
      fc.property(fc.nat(value.length - 1), fc.constantFrom(...'AZaz09-_.~'), (at, character) => {
        const changed = value.slice(0, at) + character + value.slice(at + 1)
        expect(read(changed) === undefined).toBe(changed !== value)
      }),
    )
    fc.assert(fc.property(fc.string(), (text) => read(text) === undefined))
    for (const forged of [
      '1~k1.',
      '0~k1.AAAA',
      '4~k1.AAAA',
      '1~',
      'eyJhbGciOiJub25lIn0.e30.',
      `2~${value.slice(2)}`,
    ]) {
      expect(read(forged)).toBeUndefined()
    }
  })

  test('that outgrows them keeps the access token it got last', () => {
    const token = (obtainedAt: number) => ({
      ...{ accessToken: 't'.repeat(3000), tokenType: 'Bearer' as const },
      ...{ obtainedAt, expiresAt: obtainedAt + 300 },
    })
    const value = session(3500)
    const accessTokens = { a: token(1), b: token(3), c: token(2) }
    const large = { ...value, content: { ...value.content, accessTokens } }
    expect(cookieSet.write(large)).toBeUndefined()
    expect(Object.keys(cookieSet.fit(large)?.content.accessTokens ?? {})).toEqual(['b'])
    expect(cookieSet.fit(value)).toEqual(value)
    expect(cookieSet.fit(session(9000))).toBeUndefined()
  })
})
