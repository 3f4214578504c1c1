import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readChallenges } from './challenges.ts'

const read = (...fields: string[]) =>
  readChallenges(fields.flatMap((field) => ['WWW-Authenticate', field])).map(
    ({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)],
  )

describe('challenges', () => {
  test.each([
    ['Bearer', [['bearer', {}]]],
    ['Bearer realm="a", error=invalid_token', [['bearer', { realm: 'a', error: 'invalid_token' }]]],
    [
      'DPoP Error = "use_dpop_nonce" ,algs="ES256 PS256"',
      [['dpop', { error: 'use_dpop_nonce', algs: 'ES256 PS256' }]],
    ],
    [
      'Bearer realm="a", DPoP algs="ES256", error="x"',
      [
        ['bearer', { realm: 'a' }],
        ['dpop', { algs: 'ES256', error: 'x' }],
      ],
    ],
    [
      'Negotiate YWJj==, Basic, Bearer max_age=5',
      [
        ['negotiate', {}],
        ['basic', {}],
        ['bearer', { max_age: '5' }],
      ],
    ],
    ['Bearer realm="a, Basic b=\\"c\\" \\\\"', [['bearer', { realm: 'a, Basic b="c" \\' }]]],
    [', ,Bearer error="x",,', [['bearer', { error: 'x' }]]],
  ])('are read: %s', (field, challenges) => {
    expect(read(field as string)).toEqual(challenges)
  })

  test('come from all fields of that name', () => {
    expect(read('Basic realm="a"', 'Bearer error="x"')).toEqual([
      ['basic', { realm: 'a' }],
      ['bearer', { error: 'x' }],
    ])
  })

  test.each([
    'Bearer error="x',
    'Bearer error=x y',
    '"Bearer" error=x',
    'Bearer error="x" y=z',
    '',
  ])('are none when malformed: %s', (field) => {
    expect(read(field)).toEqual([])
  })

  test('with a parameter twice are none; the others stay', () => {
    expect(read('Bearer error="x", Error="y", DPoP error="z"')).toEqual([['dpop', { error: 'z' }]])
  })

  test('keep whatever text was quoted', () => {
    const text = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)),
    })
    fc.assert(
      fc.property(text, text, (one, other) => {
        const quote = (value: string) => `"${value.replace(/["\\]/g, '\\$&')}"`
        const field = `Bearer a=${quote(one)}, b=${quote(other)}, DPoP c=${quote(one)}`
        expect(read(field)).toEqual([
          ['bearer', { a: one, b: other }],
          ['dpop', { c: one }],
        ])
      }),
    )
  })

  test('of any text end in time, and never throw', () => {
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (field) => Array.isArray(read(field))))
    const long = `Bearer ${'a="\\"", '.repeat(2000)}`
    expect(read(long)).toEqual([])
  })
})
