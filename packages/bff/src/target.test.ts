import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseTarget } from './target.ts'

const origin = 'https://app.example'
const parse = (target: string) => parseTarget(target, origin)

describe('a request-target', () => {
  test.each([
    ['/', '/', ''],
    ['/api/x', '/api/x', ''],
    ['/api/x/', '/api/x/', ''],
    ['/api/x?a=1&b=%2F..', '/api/x', '?a=1&b=%2F..'],
    ['/%61pi/%7Ex', '/api/~x', ''],
    ['/api/caf%c3%a9', '/api/caf%C3%A9', ''],
    ['/api/x;foo=bar', '/api/x;foo=bar', ''],
    ['/api/%252e%252e/x', '/api/%252e%252e/x', ''],
    ['https://app.example/api/x', '/api/x', ''],
  ])('%s is read as %s', (target, path, query) => {
    expect(parse(target)).toEqual({ path, query })
  })

  test.each([
    ['A122', 'http://169.254.169.254/'],
    ['A122', 'https://app.example.evil/x'],
    ['A122', '//evil/x'],
    ['A122', '*'],
    ['A122', 'evil:443'],
    ['A122', ''],
    ['A170', '/api/../bff/admin'],
    ['A170', '/api/%2e%2e/x'],
    ['A170', '/api/%2E%2e%2fx'],
    ['A170', '/api/..%2fx'],
    ['A170', '/api/..%5cx'],
    ['A170', '/api/..;/x'],
    ['A170', '/api/%2e%2e;a/x'],
    ['A170', '/api/./x'],
    ['A170', '/api/..'],
    ['A173', '/api/a%2Fb'],
    ['A173', '/api/a%5Cb'],
    ['A173', '/api/a\\b'],
    ['A173', '/api/%2f%2fevil'],
    ['A174', '/api/%c0%af'],
    ['A174', '/api/%zz'],
    ['A174', '/api/%'],
    ['A174', '/api/%00'],
    ['A174', '/api/ſecret'],
    ['A176', '/public#/../secret'],
    ['A114', '/api/x\r\n'],
    ['A114', '/api/ x'],
    ['A070', `/${'a'.repeat(9000)}`],
  ])('%s: %j is refused', (_row, target) => {
    expect(() => parse(target)).toThrow(expect.objectContaining({ code: 'ERR_REQUEST_INVALID' }))
  })

  test('means the same to a URL parser, whatever is accepted', () => {
    const piece = fc.constantFrom(
      '/',
      '.',
      '%2e',
      '%2F',
      '\\',
      '..',
      'a',
      ';',
      '%41',
      '?',
      '#',
      '%',
    )
    const target = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`)
    fc.assert(
      fc.property(target, (text) => {
        let parsed: ReturnType<typeof parse>
        try {
          parsed = parse(text)
        } catch {
          return
        }
        const url = new URL(`${origin}${parsed.path}${parsed.query}`)
        expect(url.origin).toBe(origin)
        expect(url.pathname).toBe(parsed.path)
        expect(parse(parsed.path).path).toBe(parsed.path)
      }),
      { numRuns: 3000 },
    )
  })
})
