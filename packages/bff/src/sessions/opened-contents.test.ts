import type { SessionKey, SessionRecord } from '@sallyport/session'
import { expect, test } from 'vitest'
import { createOpenedContents } from './opened-contents.ts'
import type { SessionContent } from './session.ts'

const record = (key: string, sealed = `k1.${key}`) =>
  ({ key: key as SessionKey, sealed }) as SessionRecord
const content = (idToken: string): SessionContent => ({ claims: {}, idToken, accessTokens: {} })

function create(bounds = {}) {
  const time = { now: 1000 }
  return { time, contents: createOpenedContents(() => time.now, bounds) }
}

test('gives what was kept for the same key and seal', () => {
  const { contents } = create()
  contents.keep(record('a'), content('of a'))
  contents.keep(record('b'), content('of b'))
  expect(contents.get(record('a'))?.idToken).toBe('of a')
  expect(contents.get(record('b'))?.idToken).toBe('of b')
})

test.each([
  ['another seal under the key, as each write leaves one', record('a', 'k1.other')],
  ['the seal under another key', record('b', 'k1.a')],
])('gives nothing for %s', (_which, asked) => {
  const { contents } = create()
  contents.keep(record('a'), content('of a'))
  expect(contents.get(asked)).toBeUndefined()
})

test('a seal that was replaced is forgotten', () => {
  const { contents } = create()
  contents.keep(record('a', 'k1.first'), content('first'))
  contents.keep(record('a', 'k1.second'), content('second'))
  expect(contents.get(record('a', 'k1.first'))).toBeUndefined()
  expect(contents.get(record('a', 'k1.second'))?.idToken).toBe('second')
})

test('keeps nothing that the cookie’s half of the key opened', () => {
  const { contents } = create()
  contents.keep(record('a', 'k1~split'), content('of a'))
  expect(contents.get(record('a', 'k1~split'))).toBeUndefined()
})

test('lets go of what nobody asks for, within two generations', () => {
  const { time, contents } = create({ time: 60 })
  contents.keep(record('asked'), content('asked'))
  contents.keep(record('left'), content('left'))
  for (time.now = 1000; time.now <= 1120; time.now += 30) contents.get(record('asked'))
  expect(contents.get(record('asked'))?.idToken).toBe('asked')
  expect(contents.get(record('left'))).toBeUndefined()
})

test('never keeps more than its bytes', () => {
  const { contents } = create({ mostBytes: 100 * 1024 })
  const keys = Array.from({ length: 1000 }, (_, i) => `key-${i}`)
  for (const key of keys) contents.keep(record(key), content(key))
  const kept = keys.filter((key) => contents.get(record(key)))
  expect(kept.length).toBeGreaterThan(20)
  expect(kept.length).toBeLessThanOrEqual(100)
})
