import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { resolveReturnUrl } from './return-url.ts'

const publicUrl = new URL('https://app.example')
const resolve = (target: string) => resolveReturnUrl(target, { publicUrl, basePath: '' })

describe('a return URL', () => {
  test.each(['/', '/orders', '/orders?page=2#top', '/a/b/', '/caf%C3%A9'])(
    '%s is a page of ours',
    (target) => expect(resolve(target)?.href).toBe(`https://app.example${target}`),
  )

  test.each([
    ['A040', ['//evil.example', '///evil', '////evil']],
    ['A041', ['/\\evil.example', '\\/\\/evil', '/\\/evil', '\\\\evil', '/%5cevil']],
    [
      'A042',
      ['/\t/evil', '/\n/evil', '/\r/evil', ' /x', '/\0', '/x\r\nSet-Cookie: a=b', '\u00a0/'],
    ],
    ['A042', ['/%09%2Fevil', '/%0d%0a/..//evil']],
    [
      'A044',
      ['data:text/html,x', 'javascript:alert(1)', 'vbscript:x', 'java\r\nscript:', 'blob:x'],
    ],
    ['A045', ['//evil%E3%80%82example', '/〵evil', '／／evil', 'https://аpp.example/']],
    ['A046', ['/..//evil', '/.//evil', '/foo/..//evil', '/./\\evil', '/%2e%2e//evil']],
    ['A048', ['%252f%252fevil', '%2f%2fevil', '/%2f%2fevil']],
    ['A049', [`/${'a'.repeat(8192)}`]],
    ['A050', ['/bff/login', '/bff/logout', '/bff/callback?code=x', '/%62ff/logout', '/BFF/login']],
    ['A050', ['/bff', '/bff?x']],
    ['absolute', ['https://evil.example/', 'https://app.example@evil/', 'https://app.example/x']],
    ['empty', ['']],
  ])('%s: %j are refused', (_row, targets) => {
    for (const target of targets) expect(resolve(target), JSON.stringify(target)).toBeUndefined()
  })

  test('stays on our origin for a URL parser, whatever is accepted', () => {
    const piece = fc.constantFrom(
      '/',
      '\\',
      '..',
      '.',
      '%2f',
      '%5c',
      '%2e',
      '@',
      ':',
      '\t',
      'evil',
      '?',
      '#',
      '。',
    )
    const text = fc.oneof(
      fc.array(piece, { maxLength: 10 }).map((p) => p.join('')),
      fc.webUrl(),
      fc.string(),
    )
    fc.assert(
      fc.property(text, (target) => {
        const accepted = resolve(target)
        if (!accepted) return
        const again = new URL(accepted.href, publicUrl)
        expect(again.origin).toBe(publicUrl.origin)
        expect(accepted.pathname.startsWith('//')).toBe(false)
      }),
      { numRuns: 5000 },
    )
  })
})
