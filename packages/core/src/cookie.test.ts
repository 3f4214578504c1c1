import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expireCookie, parseCookies, serializeCookie, uniqueCookie } from './cookie.ts'

const name = '__Host-Http-bff'

/** What Node makes of the bytes of a header: one character a byte. */
function fromWire(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

describe('parseCookies', () => {
  test('reads pairs in their order and trims blanks around names and values', () => {
    expect(parseCookies('a=1; b = 2 ;\tc=3\t; d=; e=x=y=')).toEqual([
      { name: 'a', value: '1' },
      { name: 'b', value: '2' },
      { name: 'c', value: '3' },
      { name: 'd', value: '' },
      { name: 'e', value: 'x=y=' },
    ])
  })

  test('drops what has no name', () => {
    expect(parseCookies('')).toEqual([])
    expect(parseCookies(';;; =x; = ; nothing; \t=y')).toEqual([])
  })

  test.each([
    ['U+2000', fromWire('\u2000')],
    ['U+FEFF', fromWire('\ufeff')],
    ['U+2028', fromWire('\u2028')],
    ['U+3000', fromWire('\u3000')],
    ['NEL', '\x85'],
    ['no-break space', '\xa0'],
    ['form feed', '\f'],
    ['vertical tab', '\v'],
    ['CR', '\r'],
    ['LF', '\n'],
    ['NUL', '\0'],
    ['U+2000, decoded', '\u2000'],
    ['U+FEFF, decoded', '\ufeff'],
  ])('A062: does not take %s for a blank', (_, disguise) => {
    const headers = [
      `${disguise}${name}=evil`,
      `a=b; ${disguise}${name}=evil`,
      `${name}${disguise}=evil`,
    ]
    for (const header of headers) {
      expect(uniqueCookie(parseCookies(header), name)).toEqual({})
      expect(uniqueCookie(parseCookies(`${header}; ${name}=good`), name)).toEqual({ value: 'good' })
    }
    expect(uniqueCookie(parseCookies(`${name}=good${disguise}`), name).value).not.toBe('good')
  })

  test('A062: takes SP and HTAB for what they are', () => {
    expect(uniqueCookie(parseCookies(`a=b; \t ${name} \t= \tgood\t `), name)).toEqual({
      value: 'good',
    })
  })

  test('A064: a nameless cookie that an old browser sends without its equals sign is one like any other', () => {
    expect(parseCookies(`=${name}=x`)).toEqual([])
    expect(parseCookies(`${name}=x`)).toEqual([{ name, value: 'x' }])
  })

  test('A066: names of Object.prototype are names', () => {
    const header = '__proto__=x; constructor=y; toString=z; hasOwnProperty=1'
    expect(parseCookies(header).map((pair) => pair.name)).toEqual([
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
    ])
    expect(uniqueCookie(parseCookies(header), '__proto__')).toEqual({ value: 'x' })
    expect(uniqueCookie(parseCookies('a=1'), '__proto__')).toEqual({})
    expect(uniqueCookie(parseCookies('a=1'), 'constructor')).toEqual({})
    expect(({} as { x?: unknown }).x).toBeUndefined()
  })

  test.each([
    ['blanks between two characters', `a=x${' '.repeat(60_000)}y`],
    ['blanks in a name', `a${'\t'.repeat(60_000)}b=x`],
    ['semicolons', ';'.repeat(200_000)],
    ['equals signs', '='.repeat(200_000)],
    ['pairs', 'a=1;'.repeat(50_000)],
  ])('takes time in proportion for many %s', (_, header) => {
    const begin = performance.now()
    parseCookies(header)
    expect(performance.now() - begin).toBeLessThan(500)
  })
})

describe('uniqueCookie', () => {
  test.each([
    `${name}=EVIL; ${name}=GOOD`,
    `${name}=GOOD; ${name}=EVIL`,
    `${name}=GOOD; a=b; ${name}=EVIL; ${name}=GOOD`,
    `${name}=; ${name}=GOOD`,
    // Two header fields (HTTP/2), as Node joins them.
    ['other=1', `${name}=EVIL`, `${name}=GOOD`].join('; '),
  ])('A060: refuses two values of one name: %s', (header) => {
    expect(uniqueCookie(parseCookies(header), name)).toEqual({ ambiguous: true })
  })

  test('A060: accepts the same value twice', () => {
    expect(uniqueCookie(parseCookies(`${name}=x; ${name}=x`), name)).toEqual({ value: 'x' })
  })

  test.each([
    'bff=x',
    'Host-Http-bff=x',
    '__Host-bff=x',
    '__Secure-bff=x',
    `${name}2=x`,
    `x${name}=x`,
    `$${name}=x`,
    `"${name}"=x`,
  ])('A061: does not fall back to %s', (header) => {
    expect(uniqueCookie(parseCookies(header), name)).toEqual({})
    expect(uniqueCookie(parseCookies(`${header}; ${name}=good`), name)).toEqual({ value: 'good' })
  })

  test.each(['__host-http-BFF=x', '__HOST-HTTP-BFF=x', '__Host-http-bff=x'])(
    'A065: ignores another case: %s',
    (header) => {
      expect(uniqueCookie(parseCookies(header), name)).toEqual({})
    },
  )

  test('tells an empty value from none', () => {
    expect(uniqueCookie(parseCookies(`${name}=`), name)).toEqual({ value: '' })
    expect(uniqueCookie([], name)).toEqual({})
  })
})

describe('serializeCookie', () => {
  const letters = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
  const safeName = fc.string({ unit: fc.constantFrom(...letters), minLength: 1 })
  const safeValue = fc.string({ unit: fc.constantFrom(...letters, ...'()/:<=>?@[]{}') })

  test('writes Secure and HttpOnly always, Max-Age only when there is one', () => {
    expect(serializeCookie(name, 'v', { sameSite: 'Strict' })).toBe(
      '__Host-Http-bff=v; Path=/; Secure; HttpOnly; SameSite=Strict',
    )
    expect(serializeCookie('t', '', { sameSite: 'Lax', maxAge: 90.7, path: '/bff' })).toBe(
      't=; Path=/bff; Secure; HttpOnly; SameSite=Lax; Max-Age=90',
    )
    expect(serializeCookie('t', 'v', { sameSite: 'None', maxAge: -5 })).toMatch(/; Max-Age=0$/)
  })

  test('writes what parseCookies reads', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(safeName, safeValue)), (cookies) => {
        const header = cookies
          .map(([key, value]) => serializeCookie(key, value, { sameSite: 'Lax' }).split(';')[0])
          .join('; ')
        const pairs = cookies.map(([key, value]) => ({ name: key, value }))
        expect(parseCookies(header)).toEqual(pairs)
      }),
    )
  })

  test('A084: writes one cookie with these attributes, or throws', () => {
    const options = { sameSite: 'Lax' } as const
    const any = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(any, any, any, (anyName, value, path) => {
        let written: string
        try {
          written = serializeCookie(anyName, value, { ...options, path })
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError)
          return
        }
        expect(written.split('; ')).toEqual([
          `${anyName}=${value}`,
          `Path=${path}`,
          'Secure',
          'HttpOnly',
          'SameSite=Lax',
        ])
      }),
      { examples: [['a', 'b', '/c']] },
    )
  })

  test.each([
    '; Domain=evil.example',
    'a;b',
    'a\r\nSet-Cookie: b=c',
    'a\nb',
    'a\0',
    'a b',
    'a,b',
    'a"b',
    'a\\b',
    'é',
    '\u2000',
    '\x7f',
    'end\n',
  ])('A084: refuses %j in a name, a value and a path', (text) => {
    const options = { sameSite: 'Lax' } as const
    expect(() => serializeCookie(text, 'v', options)).toThrow(TypeError)
    expect(() => serializeCookie(`n${text}`, 'v', options)).toThrow(TypeError)
    expect(() => serializeCookie('n', text, options)).toThrow(TypeError)
    expect(() => serializeCookie('n', `v${text}`, options)).toThrow(TypeError)
  })

  test.each([';', '\r', '\n', '\0', 'é', '\u2000', ' ', '\t'])(
    'A084: refuses %j in a path',
    (text) => {
      for (const path of [`/${text}`, `/a${text}b`, `/a${text}`]) {
        expect(() => serializeCookie('n', 'v', { sameSite: 'Lax', path })).toThrow(TypeError)
      }
    },
  )

  test('A084: refuses a path that is not absolute, and a name that is empty', () => {
    expect(() => serializeCookie('n', 'v', { sameSite: 'Lax', path: '' })).toThrow(TypeError)
    expect(() => serializeCookie('n', 'v', { sameSite: 'Lax', path: 'bff' })).toThrow(TypeError)
    expect(() => serializeCookie('', 'v', { sameSite: 'Lax' })).toThrow(TypeError)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'refuses a Max-Age of %d, which a browser would ignore',
    (maxAge) => {
      expect(() => serializeCookie('n', 'v', { sameSite: 'Lax', maxAge })).toThrow(TypeError)
    },
  )

  test('does not tell the value in its error', () => {
    expect(() => serializeCookie('n', 'c2VjcmV0;', { sameSite: 'Lax' })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('c2VjcmV0') }),
    )
  })
})

test('A081: expireCookie repeats each attribute of the cookie it deletes', () => {
  const options = { sameSite: 'Lax', maxAge: 600, path: '/bff' } as const
  const attributes = (header: string) => header.split('; ').slice(1, -1)
  const [set, expired] = [serializeCookie('tx', 'v', options), expireCookie('tx', options)]
  expect(attributes(expired)).toEqual(attributes(set))
  expect(expired).toMatch(/^tx=; .*; Max-Age=0$/)
})
