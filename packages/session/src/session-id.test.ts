import { randomToken, sha256 } from '@sallyport/core'
import { expect, test } from 'vitest'
import type { SessionKey } from './record.ts'
import { isSessionId, toSessionId } from './session-id.ts'

test('an id is the session’s own, always the same, and shows nothing of its key', () => {
  const [one, other] = [randomToken(), randomToken()].map((id) => sha256(id) as SessionKey)
  if (!one || !other) throw new Error('two keys were made')
  expect(toSessionId(one)).toBe(toSessionId(one))
  expect(toSessionId(one)).not.toBe(toSessionId(other))
  expect(toSessionId(one)).not.toContain(one.slice(0, 8))
  expect(isSessionId(toSessionId(one))).toBe(true)
})

test.each(['', 'a'.repeat(42), 'a'.repeat(44), `${'a'.repeat(42)}/`, `${'a'.repeat(43)}\n`])(
  'is no id: %j',
  (text) => {
    expect(isSessionId(text)).toBe(false)
  },
)
