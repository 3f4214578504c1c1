import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isCompactJws } from './compact-jws.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

describe('isCompactJws', () => {
  test('accepts each segment in its one spelling only', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(bytes, fc.integer({ min: 0, max: 2 }), (content, at) => {
        const spelling = Buffer.from(content).toString('base64url')
        const withSegment = (segment: string) =>
          ['AAAA', 'AAAA', 'AAAA'].with(at, segment).join('.')
        expect(isCompactJws(withSegment(spelling))).toBe(true)
        for (const last of alphabet) {
          const other = spelling.slice(0, -1) + last
          const isCanonical = Buffer.from(other, 'base64url').toString('base64url') === other
          expect(isCompactJws(withSegment(other))).toBe(isCanonical)
        }
      }),
      { numRuns: 60 },
    )
  })

  test.each(['', '..', 'A.A.A', 'AAAA.AAAA', 'AAAA.AAAA.', '.AAAA.AAAA', 'AAAA..AAAA'])(
    '%j is none',
    (text) => expect(isCompactJws(text)).toBe(false),
  )

  test.each(['AAAA.AAAA.AAAA\n', ' AAAA.AAAA.AAAA', 'AAAA.AAAA.AA==', 'AAAA.AA+A.AAAA'])(
    '%j has characters that no segment has',
    (text) => expect(isCompactJws(text)).toBe(false),
  )

  test('decides about the longest hostile text at once', () => {
    const startedAt = performance.now()
    expect(isCompactJws(`${'A'.repeat(16_383)}!`)).toBe(false)
    expect(isCompactJws(`${'A.'.repeat(8192)}`)).toBe(false)
    expect(performance.now() - startedAt).toBeLessThan(100)
  })
})
