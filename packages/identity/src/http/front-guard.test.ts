import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { createFrontGuard } from './front-guard.ts'

function ask(issuer: string, headers: Record<string, string>, url = '/token') {
  const req = { url, headers } as unknown as IncomingMessage
  return { problem: createFrontGuard(issuer)(req), headers: req.headers }
}

describe('the front guard', () => {
  test('replaces all that a caller says about forwarding by what the issuer says', () => {
    const { problem, headers } = ask('https://id.example.com', {
      host: 'id.example.com',
      'x-forwarded-for': '10.0.0.1',
      'x-forwarded-port': '1',
      'x-forwarded-prefix': '/evil',
      'x-real-ip': '10.0.0.1',
      forwarded: 'host=evil.test',
      'x-http-method-override': 'PUT',
    })
    expect(problem).toBeUndefined()
    expect(headers).toEqual({
      host: 'id.example.com',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'id.example.com',
      accept: 'application/json',
    })
  })

  test.each([
    ['https://id.example.com', 'id.example.com:443', undefined],
    ['https://id.example.com', 'id.example.com:80', 'ERR_HOST_UNKNOWN'],
    ['http://localhost:3001', 'localhost:3001', undefined],
    ['http://localhost:3001', 'localhost', 'ERR_HOST_UNKNOWN'],
    ['http://localhost:3001', 'localhost:3001@evil.test', 'ERR_HOST_UNKNOWN'],
  ])('of %s: host %s', (issuer, host, problem) => {
    expect(ask(issuer, { host }).problem).toBe(problem)
  })

  test.each([
    ['/token', undefined],
    ['/.well-known/openid-configuration', undefined],
    ['/authorize', 'ERR_HOST_UNKNOWN'],
    ['/Sign-Out?x', 'ERR_HOST_UNKNOWN'],
    ['/interaction/x', 'ERR_HOST_UNKNOWN'],
    ['/stay-signed-in', 'ERR_HOST_UNKNOWN'],
  ])('lets programs in by the internal host, and never pages: %s', (url, problem) => {
    const headers: IncomingHttpHeaders = { host: 'identity:3001', 'x-forwarded-proto': 'http' }
    const guard = createFrontGuard('https://id.example.com', 'http://identity:3001')
    expect(guard({ url, headers } as IncomingMessage)).toBe(problem)
    if (problem) return
    expect(headers).toMatchObject({
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'id.example.com',
    })
    expect(ask('https://id.example.com', { host: 'identity:3001' }, url).problem).toBe(
      'ERR_HOST_UNKNOWN',
    )
  })

  test('lets browsers keep what they accept on the pages', () => {
    const accept = 'text/html'
    const { headers } = ask(
      'http://localhost:3001',
      { host: 'localhost:3001', accept },
      '/Sign-Out',
    )
    expect(headers.accept).toBe(accept)
  })
})
