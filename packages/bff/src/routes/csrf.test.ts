import { describe, expect, test } from 'vitest'
import { crossOriginProblem, csrfProblem } from './csrf.ts'

const origin = 'https://app.example'
const own = ['X-CSRF', '1', 'Sec-Fetch-Site', 'same-origin', 'Origin', origin]

describe('the anti-forgery policy', () => {
  test.each([
    ['a modern browser', own],
    ['a browser that sends no Origin with GET', ['x-csrf', '1', 'sec-fetch-site', 'same-origin']],
    ['a browser without Fetch Metadata', ['X-CSRF', '1', 'Origin', origin]],
    ['one that sends Referer only', ['X-CSRF', '1', 'Referer', `${origin}/orders`]],
    ['a caller that is no browser', ['X-CSRF', '1']],
    ['a future Sec-Fetch-Site', ['X-CSRF', '1', 'Sec-Fetch-Site', 'galaxy', 'Origin', origin]],
  ])('lets %s in', (_who, headers) => {
    expect(csrfProblem(headers, origin)).toBeUndefined()
  })

  test.each([
    ['A130 cross-site form', ['Sec-Fetch-Site', 'cross-site', 'Origin', 'https://evil.example']],
    ['A130 no header of ours', ['Sec-Fetch-Site', 'same-origin', 'Origin', origin]],
    ['A132 same-site sibling', ['X-CSRF', '1', 'Sec-Fetch-Site', 'same-site']],
    ['A132 sibling origin', ['X-CSRF', '1', 'Origin', 'https://b.app.example']],
    [
      'A133 our header, cross-site',
      ['X-CSRF', '1', 'Sec-Fetch-Site', 'cross-site', 'Origin', origin],
    ],
    ['A133 our header, evil origin', ['X-CSRF', '1', 'Origin', 'https://evil.example']],
    ['A133 opaque origin', ['X-CSRF', '1', 'Origin', 'null']],
    ['A134 wrong value', ['X-CSRF', '0', 'Sec-Fetch-Site', 'same-origin']],
    ['A134 empty value', ['X-CSRF', '', 'Sec-Fetch-Site', 'same-origin']],
    ['A134 twice', ['X-CSRF', '1', 'X-CSRF', '1', 'Sec-Fetch-Site', 'same-origin']],
    ['A134 list', ['X-CSRF', '1, 1', 'Sec-Fetch-Site', 'same-origin']],
    ['A136 navigation', ['X-CSRF', '1', 'Sec-Fetch-Site', 'none']],
    ['superstring origin', ['X-CSRF', '1', 'Origin', `${origin}.evil`]],
    ['other port', ['X-CSRF', '1', 'Origin', `${origin}:8443`]],
    ['two origins', ['X-CSRF', '1', 'Origin', origin, 'Origin', 'https://evil.example']],
    ['two sites', ['X-CSRF', '1', 'Sec-Fetch-Site', 'same-origin', 'Sec-Fetch-Site', 'cross-site']],
    ['foreign referer', ['X-CSRF', '1', 'Referer', 'https://evil.example/app.example']],
    ['broken referer', ['X-CSRF', '1', 'Referer', 'app.example']],
  ])('keeps out: %s', (_what, headers) => {
    expect(csrfProblem(headers, origin)).toBeTypeOf('string')
  })

  const listed = 'https://www.app.example'
  const script = ['X-CSRF', '1', 'Sec-Fetch-Site', 'same-site', 'Origin', listed]

  test.each([
    ['with Fetch Metadata', script],
    ['without it', ['X-CSRF', '1', 'Origin', listed]],
    ['with one to come', ['X-CSRF', '1', 'Sec-Fetch-Site', 'galaxy', 'Origin', listed]],
    ['our own still', own],
  ])('lets an allowed origin in: %s', (_what, headers) => {
    expect(csrfProblem(headers, origin, [listed])).toBeUndefined()
  })

  test.each([
    ['A130 no header of ours', script.slice(2)],
    ['A132 a sibling of it', ['X-CSRF', '1', 'Origin', 'https://b.app.example']],
    ['A132 no Origin', ['X-CSRF', '1', 'Sec-Fetch-Site', 'same-site']],
    ['A132 Referer in place of Origin', [...script.slice(0, 4), 'Referer', `${listed}/`]],
    ['A133 cross-site', ['X-CSRF', '1', 'Sec-Fetch-Site', 'cross-site', 'Origin', listed]],
    ['A133 same-origin', ['X-CSRF', '1', 'Sec-Fetch-Site', 'same-origin', 'Origin', listed]],
    ['A133 by hand', ['X-CSRF', '1', 'Sec-Fetch-Site', 'none', 'Origin', listed]],
    ['A133 two origins', [...script, 'Origin', listed]],
    ['A133 two sites', [...script, 'Sec-Fetch-Site', 'same-site']],
    ['A133 an opaque origin', [...script.slice(0, 4), 'Origin', 'null']],
    ['A133 its superstring', [...script.slice(0, 4), 'Origin', `${listed}.evil`]],
    ['A133 a list of both', [...script.slice(0, 4), 'Origin', `${listed} ${origin}`]],
    ['A133 another case', [...script.slice(0, 4), 'Origin', listed.toUpperCase()]],
    ['A133 ours, same-site', [...script.slice(0, 4), 'Origin', origin]],
    ['A134 a wrong value', ['X-CSRF', 'true', ...script.slice(2)]],
  ])('keeps out, also with an allowed origin: %s', (_what, headers) => {
    expect(csrfProblem(headers, origin, [listed])).toBeTypeOf('string')
  })

  test('knows no origin that is not listed', () => {
    expect(csrfProblem(script, origin)).toBeTypeOf('string')
  })

  test('without our header still looks at where a request comes from', () => {
    expect(crossOriginProblem(own.slice(2), origin)).toBeUndefined()
    expect(crossOriginProblem([], origin)).toBeUndefined()
    expect(crossOriginProblem(['Sec-Fetch-Site', 'cross-site'], origin)).toBeTypeOf('string')
  })
})
