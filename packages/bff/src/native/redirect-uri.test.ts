import { describe, expect, test } from 'vitest'
import { findApp, toResponseUrl } from './redirect-uri.ts'

const apps = [
  { clientId: 'desk', name: 'Desk', redirectUris: ['http://127.0.0.1/cb', 'http://[::1]/cb'] },
  { clientId: 'phone', name: 'Phone', redirectUris: ['com.example:/cb', 'https://app.example/cb'] },
]
const isFound = (clientId: string, redirectUri: string) =>
  findApp(apps, { clientId, redirectUri }) !== undefined

describe('an address to come back to', () => {
  test.each([
    ['desk', 'http://127.0.0.1/cb'],
    ['desk', 'http://127.0.0.1:1/cb'],
    ['desk', 'http://127.0.0.1:65535/cb'],
    ['desk', 'http://[::1]:49152/cb'],
    ['phone', 'com.example:/cb'],
    ['phone', 'https://app.example/cb'],
  ])('of %s may be %s', (clientId, redirectUri) => {
    expect(isFound(clientId, redirectUri)).toBe(true)
  })

  test.each([
    ['phone', 'http://127.0.0.1:1/cb'],
    ['tablet', 'com.example:/cb'],
    ['desk', 'http://127.0.0.1:0/cb'],
    ['desk', 'http://127.0.0.1:65536/cb'],
    ['desk', 'http://127.0.0.1:/cb'],
    ['desk', 'http://127.0.0.1:80/cb/'],
    ['desk', 'http://127.0.0.1:80/cb?x'],
    ['desk', 'http://127.0.0.1:80/../cb'],
    ['desk', 'http://127.0.0.1:80@evil.example/cb'],
    ['desk', 'http://127.0.0.1.evil.example:80/cb'],
    ['desk', 'http://localhost:80/cb'],
    ['desk', 'http://127.0.0.2:80/cb'],
    ['desk', 'https://127.0.0.1:80/cb'],
    ['phone', 'https://app.example:443/cb'],
    ['phone', 'https://app.example/CB'],
    ['phone', 'com.example:/cb#x'],
    ['phone', ''],
  ])('of %s may not be %s', (clientId, redirectUri) => {
    expect(isFound(clientId, redirectUri)).toBe(false)
  })

  test('gets what is said as a query, whatever it contains', () => {
    const target = { redirectUri: 'com.example:/cb', state: 'a&b=c#d' }
    const url = toResponseUrl(target, { code: 'x' }, 'https://app.example/shop')
    expect(url.href).toBe(
      'com.example:/cb?code=x&state=a%26b%3Dc%23d&iss=https%3A%2F%2Fapp.example%2Fshop',
    )
  })
})
