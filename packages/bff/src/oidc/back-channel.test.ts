import { describe, expect, test } from 'vitest'
import { isSafe, toInternal, toPublic } from './back-channel.ts'

const places = (issuer: string, internal?: string) => ({
  issuer: new URL(issuer),
  issuerInternalUrl: internal === undefined ? undefined : new URL(internal),
})

describe('an internal URL', () => {
  test.each([
    ['https://id.example', 'http://id:8080', 'https://id.example/token', 'http://id:8080/token'],
    [
      'https://id.example',
      'http://id:8080/a',
      'https://id.example/token',
      'http://id:8080/a/token',
    ],
    [
      'https://id.example/r/x',
      'http://id/r/x',
      'https://id.example/r/x/token?a=b',
      'http://id/r/x/token?a=b',
    ],
    [
      'https://id.example/auth',
      'http://id:8080',
      'https://id.example/auth/token',
      'http://id:8080/token',
    ],
    ['https://id.example/r/x', 'http://id/r/x', 'https://id.example/certs', 'http://id/certs'],
    ['https://id.example/r/x', 'http://id/y', 'https://id.example/r/xy', 'http://id/r/xy'],
    ['https://id.example', 'http://id', 'https://keys.example/jwks', 'https://keys.example/jwks'],
    ['https://id.example', 'http://id', 'http://id/token', 'http://id/token'],
    ['https://id.example', undefined, 'https://id.example/token', 'https://id.example/token'],
  ])('of %s at %s: %s is asked at %s', (issuer, internal, url, asked) => {
    expect(toInternal(new URL(url), places(issuer, internal)).href).toBe(asked)
  })

  test.each([
    ['http://id:8080/authorize?a=b', 'https://id.example/authorize?a=b'],
    ['https://id.example/authorize', 'https://id.example/authorize'],
    ['https://pages.example/authorize', 'https://pages.example/authorize'],
  ])('never reaches a browser: %s becomes %s', (url, opened) => {
    expect(toPublic(new URL(url), places('https://id.example', 'http://id:8080')).href).toBe(opened)
  })
})

test.each([
  ['https://elsewhere.example/token', true],
  ['http://id:8080/token', true],
  ['http://id:8081/token', false],
  ['http://elsewhere.example/token', false],
  ['http://id.example/token', false],
])('%s is safe to ask: %s', (url, expected) => {
  expect(isSafe(new URL(url), places('https://id.example', 'http://id:8080'))).toBe(expected)
})
