import { createSecret, parseCookies, randomToken } from '@sallyport/core'
import { expect, test } from 'vitest'
import { parseConfig } from '../config.ts'
import { createSignOutCookies } from './sign-out-cookies.ts'

const options = {
  publicUrl: 'https://app.example/shop',
  issuer: 'https://idp.example',
  clientId: 'bff',
  clientAuthentication: { secret: randomToken() },
  sealKeys: [{ kid: 'k1', key: createSecret(randomToken()) }],
}

function createAt(now: number, publicUrl = options.publicUrl) {
  return createSignOutCookies(parseConfig({ ...options, publicUrl }), () => now)
}

const present = (setCookie: string) => parseCookies(setCookie.split(';')[0] as string)

test('the hint goes to the path of signing out alone, to no script, and is sealed', () => {
  const setCookie = createAt(1000).hint({ idToken: 'planted', sid: 's', createdAt: 1000 })
  expect(setCookie).toMatch(/^__Secure-bff!shop.hint=k1\.[\w-]+; Path=\/shop\/bff\/logout; /)
  expect(setCookie).toMatch(/Secure; HttpOnly; SameSite=Strict; Max-Age=115200$/)
  expect(setCookie).not.toContain('planted')
})

test('the hint is believed for a day after the longest session, whatever the browser keeps', () => {
  const kept = present(createAt(1000).hint({ idToken: 'x', sid: 's', createdAt: 1000 }))
  expect(createAt(1000 + 115_199).readHint(kept)?.idToken).toBe('x')
  expect(createAt(1000 + 115_200).readHint(kept)).toBeUndefined()
})

test('an ID token too large for a cookie is left out, and the sign-out goes on', () => {
  const idToken = 'x'.repeat(8000)
  const setCookie = createAt(1000).hint({ idToken, sid: 's', createdAt: 1000 })
  expect(setCookie.length).toBeLessThan(4096)
  expect(createAt(1000).readHint(present(setCookie))).toEqual({ sid: 's', createdAt: 1000 })
})

test('another frontend’s hint, a changed one, or two of them are none', () => {
  const [kept] = present(createAt(1000).hint({ idToken: 'x', sid: 's', createdAt: 1000 }))
  if (!kept) throw new Error('no cookie')
  const other = { ...kept, name: '__Secure-bff!other.hint' }
  expect(createAt(1000, 'https://app.example/other').readHint([other])).toBeUndefined()
  expect(createAt(1000).readHint([{ ...kept, value: `${kept.value}A` }])).toBeUndefined()
  expect(createAt(1000).readHint([kept, { ...kept, value: 'planted' }])).toBeUndefined()
})
