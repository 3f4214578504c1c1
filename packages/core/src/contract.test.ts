import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { csrfHeader, paths, problemTypePrefix, sessionClaims } from './contract.ts'

describe('what a browser sees', () => {
  test('has the paths of Duende BFF, all below /bff/', () => {
    expect(paths).toMatchObject({
      login: '/bff/login',
      callback: '/bff/callback',
      user: '/bff/user',
      logout: '/bff/logout',
    })
    const all = Object.values(paths)
    expect(new Set(all).size).toBe(all.length)
    for (const path of all) expect(path).toMatch(/^\/bff\/[a-z]+(\/[a-z]+)*$/)
  })

  test('has an anti-forgery header that no form and no simple request can carry', () => {
    const simple = ['accept', 'accept-language', 'content-language', 'content-type', 'range']
    expect(csrfHeader).toEqual({ name: 'x-csrf', value: '1' })
    expect(simple).not.toContain(csrfHeader.name)
    expect(csrfHeader.name).toBe(csrfHeader.name.toLowerCase())
  })

  test('keeps facts about the session apart from claims of the issuer', () => {
    for (const claim of Object.values(sessionClaims)) expect(claim).toMatch(/^bff:[a-z_]+$/)
  })

  test('has problem types that are URNs', () => {
    expect(new URL(`${problemTypePrefix}login_required`).protocol).toBe('urn:')
  })

  test('needs nothing: a browser can load it as it is', () => {
    const source = readFileSync(new URL('./contract.ts', import.meta.url), 'utf8')
    expect(source).not.toMatch(/^\s*import\b|\bimport\(|\brequire\(|\bprocess\b|\bBuffer\b/m)
  })
})
