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
    ['https://app.example', 'https://www.app.example'],
    ['https://bff.shop.example', 'https://www.shop.example'],
    ['https://bff.shop.example', 'https://shop.example'],
    ['https://shop.example:8443', 'https://shop.example'],
    ['http://localhost:3000', 'http://localhost:5173'],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:5173'],
    ['http://[::1]:3000', 'http://[::1]:5173'],
    ['https://bff.shop.localhost', 'https://www.shop.localhost'],
    // Another site in truth, which only the public suffix list knows.
    ['https://a.co.uk', 'https://b.co.uk'],
  ])('of %s: %s may be allowed', (publicUrl, allowed) => {
    const { allowedOrigins } = parseConfig({ ...minimal, publicUrl, allowedOrigins: [allowed] })
    expect(allowedOrigins).toEqual([allowed])
  })

  test.each([
    ['https://app.example', '*', 'one origin'],
    ['https://app.example', 'null', 'one origin'],
    ['https://app.example', 'https://*.app.example', 'one origin'],
    ['https://app.example', 'https://www.app.example/', 'one origin'],
    ['https://app.example', 'https://www.app.example/x', 'one origin'],
    ['https://app.example', 'https://www.app.example:443', 'one origin'],
    ['https://app.example', 'https://WWW.app.example', 'one origin'],
    ['https://app.example', 'https://x@www.app.example', 'one origin'],
    ['https://app.example', 'https://www.äpp.example', 'one origin'],
    ['https://app.example', 'www.app.example', 'one origin'],
    ['https://app.example', 'http://www.app.example', 'must be https'],
    ['https://app.example', 'ws://www.app.example', 'must be https'],
    ['https://app.example', 'https://app.example', 'needs no permission'],
    ['https://app.example', 'http://localhost:5173', 'another site'],
    ['https://app.example', 'https://other.example', 'another site'],
    ['https://bff.shop.example', 'https://www.shop.example.evil', 'another site'],
    ['http://localhost:3000', 'http://127.0.0.1:3000', 'another site'],
    ['http://localhost:3000', 'https://localhost:3000', 'another site'],
    ['http://localhost:3000', 'https://app.localhost:3000', 'another site'],
    ['https://10.0.0.1', 'https://9.0.0.1', 'another site'],
    ['https://[2001:db8::1]', 'https://[2001:db8::2]', 'another site'],
  ])('of %s: %s may not be allowed: %s', (publicUrl, allowed, message) => {
    const attempt = () => parseConfig({ ...minimal, publicUrl, allowedOrigins: [allowed] })
    expect(attempt).toThrow(new RegExp(`allowedOrigins\\[0\\]: .*${message}`))
  })

  test('an origin is allowed once', () => {
    const allowedOrigins = ['https://www.app.example', 'https://www.app.example']
    expect(() => parseConfig({ ...minimal, allowedOrigins })).toThrow('allowedOrigins[1]: ')
  })

  test('the application is where its BFF is, or at an allowed origin', () => {
    const allowedOrigins = ['https://www.app.example']
    const of = (rest: object) => parseConfig({ ...minimal, ...rest }).applicationUrl.href
    expect(of({})).toBe('https://app.example/')
    expect(of({ publicUrl: 'https://app.example/shop' })).toBe('https://app.example/shop/')
    const applicationUrl = 'https://www.app.example/start'
    expect(of({ allowedOrigins, applicationUrl })).toBe('https://www.app.example/start/')
    expect(() => of({ applicationUrl })).toThrow('applicationUrl: must be at one of allowedOrigins')
    for (const broken of ['https://www.app.example/?x', 'https://www.app.example/a//b']) {
      expect(() => of({ allowedOrigins, applicationUrl: broken })).toThrow('applicationUrl: ')
    }
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
