import { expect, test } from 'vitest'
import { findTokens } from './token-scan.ts'

const jwt = `eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.${'k'.repeat(86)}`

test.each([
  ['a signed token', jwt, ['JSON Web Token']],
  ['an encrypted token', 'eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVy.dGFn', ['JSON Web Token']],
  ['an entry of a storage', `access_token=${jwt}`, ['access token']],
  ['an opaque token in JSON', '{"refresh_token":"v1.MjIyMjIyMjI"}', ['refresh token']],
  ['camel case', `idToken: '${jwt}'`, ['ID token']],
  ['a header', `Bearer ${'x'.repeat(20)}`, ['bearer credential']],
  ['two', `${jwt} ${jwt}`, ['JSON Web Token', 'JSON Web Token']],
])('finds %s', (_, text, kinds) => {
  expect(findTokens(text)).toEqual(kinds)
})

test.each([
  ['nothing', ''],
  ['prose about tokens', 'The gateway keeps the access token, the bearer of it is unknown.'],
  ['a session id', '/bff/logout?sid=Zm9vYmFyYmF6'],
  ['a trace', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
])('finds none in %s', (_, text) => {
  expect(findTokens(text)).toEqual([])
})
