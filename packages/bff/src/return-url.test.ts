import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromReturnText, resolveReturnUrl, toReturnText } from './return-url.ts'

const publicUrl = new URL('https://app.example')
const places = { publicUrl, basePath: '', allowedOrigins: [] }
const resolve = (target: string) => resolveReturnUrl(target, places)

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
    const start = fc.constantFrom('', 'https://www.app.example', 'https://www.app.example/')
    fc.assert(
      fc.property(start, text, (origin, rest) => {
        const accepted = resolveReturnUrl(origin + rest, { ...split, basePath: '' })
        if (!accepted) return
        const again = new URL(toReturnText(accepted, split), publicUrl)
        expect(again.pathname).toBe(accepted.pathname)
        expect(again.origin).toBe(origin === '' ? publicUrl.origin : 'https://www.app.example')
        expect(accepted.pathname.startsWith('//')).toBe(false)
      }),
      { numRuns: 5000 },
    )
  })
})

const split = {
  ...places,
  basePath: '/shop',
  allowedOrigins: ['https://www.app.example', 'https://app.example:8443'],
  applicationUrl: new URL('https://www.app.example/start/'),
}

describe('a return URL of another origin', () => {
  test.each([
    'https://www.app.example/',
    'https://www.app.example/orders?page=2#top',
    'https://www.app.example/shop/bff/x',
    'https://app.example:8443/caf%C3%A9',
  ])('%s is a page of an allowed one', (target) => {
    const url = resolveReturnUrl(target, split)
    expect(url?.href).toBe(target)
    expect(toReturnText(url as URL, split)).toBe(target)
    expect(fromReturnText(target, split).href).toBe(target)
  })

  const www = 'https://www.app.example'
  test.each([
    ['A040', [`${www}//evil.example`, `${www}///evil`, '//www.app.example/', '//app.example']],
    ['A041', [`${www}/\\evil`, `${www}\\@evil/`, `${www}/%5cevil`, 'https:\\\\www.app.example/']],
    ['A042', [`${www}/\t/evil`, ` ${www}/`, `${www}/\r\nSet-Cookie: a=b`, `${www}\t/`]],
    ['A045', ['https://www.аpp.example/', `${www}／evil`, `${www}/é`, `${www}。evil/`]],
    ['A046', [`${www}/..//evil`, `${www}/./x`, `${www}/%2e%2e//evil`]],
    ['A048', [`${www}/%2f%2fevil`, `${www}%2f@evil/`]],
    ['A049', [`${www}/${'a'.repeat(1024)}`]],
    ['A050', [`${www}/bff/login`, `${www}/BFF/logout`, `${www}/%62ff/callback?code=x`]],
    [
      'another host',
      [`${www}.evil/`, `${www}@evil/`, `${www}:8443/`, 'https://evil/www.app.example'],
    ],
    ['user names', [`https://x@www.app.example/`, `${www}:@evil.example/`, `${www}:x@evil/`]],
    [
      'another scheme',
      ['http://www.app.example/', 'HTTPS://www.app.example/', 'https:/www.app.example/'],
    ],
    [
      'another spelling',
      ['https://WWW.app.example/', 'https://www.app.example:443/', www, `${www}?x`],
    ],
    ['ours, whole', ['https://app.example/shop/orders']],
    ['ours, above the base path', ['/orders', '/shopping']],
  ])('%s: %j are refused', (_row, targets) => {
    for (const target of targets) {
      expect(resolveReturnUrl(target, split), JSON.stringify(target)).toBeUndefined()
    }
  })

  test('that is not allowed any more leads to the first page', () => {
    const places = { ...split, allowedOrigins: ['https://app.example:8443'] }
    expect(fromReturnText(`${www}/orders`, places)).toBe(split.applicationUrl)
    expect(fromReturnText('/shop/orders', places).href).toBe('https://app.example/shop/orders')
  })
})
