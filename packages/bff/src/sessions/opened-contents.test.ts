import type { SessionKey, SessionRecord } from '@sallyport/session'
import { expect, test } from 'vitest'
import { createOpenedContents } from './opened-contents.ts'
import type { SessionContent } from './session.ts'

const record = (key: string, sealed = `k1.${key}`) =>
  ({ key: key as SessionKey, sealed }) as SessionRecord
const content = (idToken: string): SessionContent => ({ claims: {}, idToken, accessTokens: {} })

const create = () => createOpenedContents(() => 1000)

test('gives what was kept for the same key and seal', () => {
  const contents = create()
  contents.keep(record('a'), content('of a'))
  contents.keep(record('b'), content('of b'))
  expect(contents.get(record('a'))?.idToken).toBe('of a')
  expect(contents.get(record('b'))?.idToken).toBe('of b')
})

test.each([
  ['another seal under the key, as each write leaves one', record('a', 'k1.other')],
  ['the seal under another key', record('b', 'k1.a')],
])('gives nothing for %s', (_which, asked) => {
  const contents = create()
  contents.keep(record('a'), content('of a'))
  expect(contents.get(asked)).toBeUndefined()
})

test('a seal that was replaced is forgotten', () => {
  const contents = create()
  contents.keep(record('a', 'k1.first'), content('first'))
  contents.keep(record('a', 'k1.second'), content('second'))
  expect(contents.get(record('a', 'k1.first'))).toBeUndefined()
  expect(contents.get(record('a', 'k1.second'))?.idToken).toBe('second')
})

test('keeps nothing that the cookie’s half of the key opened', () => {
  const contents = create()
  contents.keep(record('a', 'k1~split'), content('of a'))
  expect(contents.get(record('a', 'k1~split'))).toBeUndefined()
})
