import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalizeTargetUri } from './target-uri.ts'

describe('normalizeTargetUri', () => {
  test.each([
    ['scheme and host in another case', 'HTTPS://API.Example/Orders', 'https://api.example/Orders'],
    ['the default port', 'https://api.example:443/', 'https://api.example/'],
    ['an empty path', 'https://api.example', 'https://api.example/'],
    ['a query', 'https://api.example/a?b=c', 'https://api.example/a'],
    ['a fragment', 'https://api.example/a#b', 'https://api.example/a'],
    ['a query with a slash', 'https://api.example?/b', 'https://api.example/'],
    ['dot segments', 'https://api.example/a/./b/../c', 'https://api.example/a/c'],
    ['encoded letters', 'https://api.example/%61%7Eb', 'https://api.example/a~b'],
    ['encoding in lower case', 'https://api.example/a%2fb', 'https://api.example/a%2Fb'],
  ])('%s makes no difference', (_, one, other) => {
    expect(normalizeTargetUri(one)).toBe(other)
    expect(normalizeTargetUri(other)).toBe(other)
  })

  test.each([
    ['scheme', 'http://api.example/a', 'https://api.example/a'],
    ['host', 'https://api.example/a', 'https://api.example.evil/a'],
    ['port', 'https://api.example:8443/a', 'https://api.example/a'],
    ['case of the path', 'https://api.example/A', 'https://api.example/a'],
    ['last slash', 'https://api.example/a/', 'https://api.example/a'],
    ['encoded slash', 'https://api.example/a%2Fb', 'https://api.example/a/b'],
    ['encoded percent', 'https://api.example/%2561', 'https://api.example/a'],
    ['double slash', 'https://api.example//a', 'https://api.example/a'],
  ])('another %s is another resource', (_, one, other) => {
    expect(normalizeTargetUri(one)).not.toBe(normalizeTargetUri(other))
  })

  test.each([
    '',
    '/a',
    'api.example/a',
    'ftp://api.example/',
    'javascript:alert(1)',
    'https:/api.example/a',
    'https:\\\\api.example\\a',
    'https://api.example\\@evil.example/',
    'https://alice@api.example/',
    'https://alice:secret@api.example/',
    'https://api.example/a b',
    ' https://api.example/',
    'https://api.example/\n',
    'https://api.exa\tmple/',
    'https://api.example/é',
    'https://[::1/',
    'https://',
  ])('%j has no normal form', (uri) => {
    expect(normalizeTargetUri(uri)).toBeUndefined()
  })

  test('never throws, and a normal form is its own', () => {
    const text = fc.oneof(fc.webUrl({ withQueryParameters: true }), fc.string())
    fc.assert(
      fc.property(text, (uri) => {
        const normal = normalizeTargetUri(uri)
        if (normal !== undefined) expect(normalizeTargetUri(normal)).toBe(normal)
      }),
    )
  })
})
