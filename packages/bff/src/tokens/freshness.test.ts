import { expect, test } from 'vitest'
import { freshness } from './freshness.ts'

const token = (lifetime: number) => ({
  accessToken: '',
  tokenType: 'Bearer' as const,
  obtainedAt: 1000,
  expiresAt: 1000 + lifetime,
})

test.each([
  [300, 0, 'fresh'],
  [300, 239, 'fresh'],
  [300, 240, 'aging'],
  [300, 294, 'aging'],
  [300, 295, 'stale'],
  [300, 400, 'stale'],
  [10, 7, 'fresh'],
  [10, 8, 'aging'],
  [10, 9, 'stale'],
  [0, 0, 'stale'],
  [300, -5, 'fresh'],
  [300, -6, 'stale'],
])('a token of %i s is, after %i s, %s', (lifetime, age, expected) => {
  expect(freshness(token(lifetime), 1000 + age)).toBe(expected)
})

test('no token is a stale token', () => {
  expect(freshness(undefined, 0)).toBe('stale')
})
