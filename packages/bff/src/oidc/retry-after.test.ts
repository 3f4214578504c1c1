import { expect, test } from 'vitest'
import { parseRetryAfter } from './retry-after.ts'

const now = Date.parse('2026-11-25T12:00:00Z') / 1000

test.each([
  [null, undefined],
  ['', undefined],
  ['0', undefined],
  ['-5', undefined],
  ['soon', undefined],
  ['1e9', undefined],
  ['12', 12],
  ['999999999', 3600],
  ['Wed, 25 Nov 2026 12:00:30 GMT', 30],
  ['Wed, 25 Nov 2026 11:59:30 GMT', undefined],
])('Retry-After %j means %s seconds', (value, seconds) => {
  expect(parseRetryAfter(value, now)).toBe(seconds)
})
