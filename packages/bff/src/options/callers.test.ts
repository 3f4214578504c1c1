import { createSecret, randomToken } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../config.ts'
import type { BffOptions } from '../options.ts'

const minimal: BffOptions = {
  publicUrl: 'https://app.example',
  issuer: 'https://idp.example',
  clientId: 'app',
  clientAuthentication: { secret: randomToken() },
  sealKeys: [{ kid: 'k1', key: createSecret(randomToken()) }],
}
const bearer = { audience: 'https://app.example' }
const nativeApps = [{ clientId: 'phone', redirectUris: ['com.example.phone:/cb'] }]
const route = { match: '/api/*', upstream: 'http://api', resource: 'https://api.example' }

describe('callers of a route', () => {
  test('are browsers alone unless somebody says otherwise', () => {
    const config = parseConfig({ ...minimal, routes: [route] })
    expect(config.routes[0]?.callers).toEqual(['browser'])
    expect(config.nativeApps).toEqual([])
    expect(config.bearer).toBeUndefined()
  })

  test('may be all there are', () => {
    const callers: ('browser' | 'bearer' | 'native')[] = ['browser', 'bearer', 'native']
    const routes = [{ ...route, callers, callerScopes: ['read'] }]
    const config = parseConfig({ ...minimal, bearer, nativeApps, routes })
    expect(config.routes[0]?.callers).toEqual(callers)
    expect(config.bearer).toEqual({ ...bearer, dpop: 'accepted' })
    expect(config.nativeApps[0]?.name).toBe('phone')
  })

  test.each<[string, Partial<BffOptions>, object]>([
    ['needs the option bearer', {}, { callers: ['bearer'], callerScopes: ['read'] }],
    ['needs the option nativeApps', {}, { callers: ['native'] }],
    ['callerScopes', { bearer }, { callers: ['bearer'] }],
    ['callerScopes', { bearer }, { callerScopes: ['read'] }],
    ['token is "client"', { nativeApps }, { callers: ['native'], token: 'client' }],
    [
      'token is "none"',
      { nativeApps },
      { callers: ['native'], token: 'none', resource: undefined },
    ],
    [
      'to exchange tokens for',
      { bearer },
      { callers: ['bearer'], callerScopes: ['read'], resource: undefined },
    ],
    ['routes[0].callers[0]', {}, { callers: ['app'] }],
    ['routes[0].callers', {}, { callers: [] }],
  ])('are refused when %s', (message, options, changes) => {
    const routes = [{ ...route, ...changes }]
    expect(() => parseConfig({ ...minimal, ...options, routes })).toThrow(message)
  })

  test('may have to show nonces, where there are apps to show any', () => {
    const callerProofs = { nonce: 'required' as const }
    for (const apps of [{ nativeApps }, { bearer }]) {
      expect(parseConfig({ ...minimal, ...apps, callerProofs }).callerProofs).toEqual(callerProofs)
    }
    expect(parseConfig(minimal).callerProofs).toEqual({ nonce: 'none' })
    const message = 'callerProofs.nonce: needs the option bearer or nativeApps'
    expect(() => parseConfig({ ...minimal, callerProofs })).toThrow(message)
  })

  test('under fapi2 show tokens that are bound', () => {
    const options = { ...minimal, profile: 'fapi2' as const, bearer }
    expect(() => parseConfig(options)).toThrow('bearer.dpop: fapi2: must be required')
  })
})

describe('a native app', () => {
  test.each([
    'https://app.example/cb',
    'http://127.0.0.1/cb',
    'http://[::1]/cb',
    'com.example.app:/cb',
  ])('may wait at %s', (redirectUri) => {
    const apps = [{ clientId: 'a', redirectUris: [redirectUri] }]
    expect(parseConfig({ ...minimal, nativeApps: apps }).nativeApps).toHaveLength(1)
  })

  test.each([
    'http://app.example/cb',
    'http://localhost/cb',
    'https://localhost/cb',
    'http://127.0.0.1:80/cb',
    'http://127.0.0.1:8080/cb',
    'javascript:/alert(1)',
    'app:/cb',
    'com.example.app:cb',
    'com.example.app://evil.example/cb',
    'COM.example.app:/cb',
    'com.example.app:/a/../cb',
    'https://app.example',
    'https://app.example/cb?x=1',
    'https://app.example/cb#x',
    'https://alice@app.example/cb',
    'data:text/html,x',
    '/cb',
  ])('may not wait at %s', (redirectUri) => {
    const apps = [{ clientId: 'a', redirectUris: [redirectUri] }]
    expect(() => parseConfig({ ...minimal, nativeApps: apps })).toThrow(
      'nativeApps[0].redirectUris[0]',
    )
  })

  test('is listed once', () => {
    const apps = [...nativeApps, ...nativeApps]
    expect(() => parseConfig({ ...minimal, nativeApps: apps })).toThrow('"phone" occurs twice')
  })
})
