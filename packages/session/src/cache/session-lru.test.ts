import { expect, test } from 'vitest'
import type { SessionKey } from '../record.ts'
import { createRecord } from '../testing/contract-setting.ts'
import { createSessionLru, type LruLimits } from './session-lru.ts'

function createLru(limits: Partial<LruLimits> = {}) {
  const lru = createSessionLru({ maxEntries: 1000, maxBytes: 1e6, ...limits })
  return {
    ...lru,
    add(key: string, sealed = '') {
      lru.set(createRecord({ key: key as SessionKey, subject: key, sealed }), 0)
    },
    has: (key: string) => lru.get(key as SessionKey, 0) !== undefined,
  }
}

test('over the limit of entries the one used longest ago goes', () => {
  const lru = createLru({ maxEntries: 3 })
  for (const key of ['a', 'b', 'c']) lru.add(key)
  expect(lru.has('a')).toBe(true)
  lru.add('b')
  lru.add('d')
  expect(['a', 'b', 'c', 'd'].filter(lru.has)).toEqual(['a', 'b', 'd'])
})

test('over the limit of bytes as many go as have to, and what is too big alone is not taken', () => {
  const lru = createLru({ maxBytes: 20_000 })
  for (const key of ['a', 'b', 'c']) lru.add(key, 'x'.repeat(5000))
  lru.add('big', 'ü'.repeat(6000))
  expect(['a', 'b', 'c', 'big'].filter(lru.has)).toEqual(['c', 'big'])
  lru.add('too big', 'x'.repeat(20_000))
  expect(['c', 'big', 'too big'].filter(lru.has)).toEqual(['c', 'big'])
  lru.add('big', 'x'.repeat(20_000))
  expect(lru.has('big')).toBe(false)
})

test('what was removed leaves its room to others', () => {
  const lru = createLru({ maxBytes: 10_000 })
  for (let round = 0; round < 5; round++) {
    lru.add('a', 'x'.repeat(8000))
    lru.delete('a' as SessionKey)
    lru.add('b', 'x'.repeat(8000))
    lru.deleteAll({ issuer: createRecord().issuer, subject: 'b' })
    lru.add('c', 'x'.repeat(8000))
    lru.clear()
  }
  lru.add('a', 'x'.repeat(4000))
  lru.add('b', 'x'.repeat(4000))
  expect(['a', 'b', 'c'].filter(lru.has)).toEqual(['a', 'b'])
})

test('what was read too long ago is gone', () => {
  const lru = createLru()
  lru.set(createRecord(), 100)
  expect(lru.get(createRecord().key, 100)).toEqual(createRecord())
  expect(lru.get(createRecord().key, 101)).toBeUndefined()
  expect(lru.get(createRecord().key, 100)).toBeUndefined()
})

test('deleteAll removes by subject or sid, at that issuer only', () => {
  const lru = createLru()
  const { issuer } = createRecord()
  for (const key of ['a', 'b']) lru.add(key)
  lru.deleteAll({ issuer: 'https://other.example', subject: 'a' })
  lru.deleteAll({ issuer, sid: 'a' })
  expect(['a', 'b'].filter(lru.has)).toEqual(['a', 'b'])
  lru.deleteAll({ issuer, subject: 'a' })
  expect(['a', 'b'].filter(lru.has)).toEqual(['b'])
  lru.deleteAll({ issuer, sid: createRecord().sid as string })
  expect(lru.has('b')).toBe(false)
})
