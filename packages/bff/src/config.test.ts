import { createSecret, randomToken } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { parseConfig } from './config.ts'

const minimal = {
  publicUrl: 'https://app.example',
  issuer: 'https://idp.example',
  clientId: 'app',
  clientAuthentication: { secret: randomToken() },
  sealKeys: [{ kid: 'k1', key: createSecret(randomToken()) }],
}

describe('configuration', () => {
  test('fills in every default', () => {
    const config = parseConfig(minimal)
    expect(config.scopes).toEqual(['openid', 'profile', 'email'])
    expect(config.session).toEqual({
      mode: 'stored',
      idleTimeout: 1800,
      absoluteTimeout: 28_800,
      splitSeal: false,
    })
    expect(config.logout).toEqual({
      returnPath: '/',
      backchannel: { typ: 'required' },
      frontchannel: false,
    })
  })

  test('names every problem by its path, at once', () => {
    const broken = {
      ...minimal,
      publicUrl: 'http://app.example',
      issuer: 'idp.example',
      clientID: 'typo',
      clientAuthentication: { secret: 'short' },
      routes: [
        { match: 'api', upstream: 'ftp://x' },
        { match: '/bff/x', upstream: 'http://x' },
      ],
      session: { idleTimeout: 60, absoluteTimeout: 30 },
    }
    const attempt = () => parseConfig(broken)
    for (const path of [
      'publicUrl',
      'issuer',
      'unknown key "clientID": did you mean "clientId"?',
      'clientAuthentication',
      'routes[0].match',
      'routes[0].upstream',
      'routes[1].match',
      'session.idleTimeout',
    ]) {
      expect(attempt).toThrow(path)
    }
    expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }))
  })

  test.each([
    ['user', true],
    ['user-or-client', true],
    ['user-or-none', true],
    ['client', false],
    ['none', false],
  ])('a route with the token "%s" can ask for visitors: %s', (token, isAllowed) => {
    const route = { match: '/api/*', upstream: 'http://x', token, visitor: true }
    const attempt = () => parseConfig({ ...minimal, routes: [route] })
    if (isAllowed) expect(attempt().routes[0]?.visitor).toBe(true)
    else expect(attempt).toThrow('routes[0].visitor')
  })

  test('visitors last for 30 days, and at most as long as browsers keep a cookie', () => {
    expect(parseConfig(minimal).visitors).toEqual({ lifetime: 2_592_000 })
    for (const lifetime of [0, -1, 1.5, 34_560_001]) {
      expect(() => parseConfig({ ...minimal, visitors: { lifetime } })).toThrow('visitors.lifetime')
    }
  })

  test('never prints a secret', () => {
    const secret = 'planted-secret'
    expect(() => parseConfig({ ...minimal, clientAuthentication: { secret, x: 1 } })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(secret) }),
    )
  })

  test.each([
    ['https://a.example', true],
    ['http://localhost:3000', true],
    ['http://app.localhost', false],
    ['http://127.0.0.1', true],
    ['http://[::1]:3000', true],
    ['http://a.example', false],
    ['http://localhost.evil.example', false],
    ['http://127.0.0.1.evil.example', false],
    ['http://10.0.0.1', false],
  ])('BFF-03: %s may carry credentials: %s', (url, isAllowed) => {
    const attempt = () => parseConfig({ ...minimal, publicUrl: url, issuer: url })
    if (isAllowed) expect(attempt().issuer).toEqual(new URL(url))
    else expect(attempt).toThrow(/publicUrl: must be https[\s\S]*issuer: must be https/)
  })
})
