import { expect, test } from 'vitest'
import { createGenerations } from './generations.ts'

function create({ mostBytes = 1000, time = 60 } = {}) {
  const now = { seconds: 1000 }
  const generations = createGenerations<string>({ clock: () => now.seconds, mostBytes, time })
  return { now, generations }
}

test('gives the latest value of a key', () => {
  const { generations } = create()
  generations.keep('a', 'first', 10)
  generations.keep('b', 'other', 10)
  generations.keep('a', 'second', 10)
  expect(generations.get('a')).toBe('second')
  expect(generations.get('c')).toBeUndefined()
})

test('a value that was replaced does not come back from the old generation', () => {
  const { now, generations } = create()
  generations.keep('a', 'first', 10)
  now.seconds += 60
  generations.get('b')
  generations.keep('a', 'second', 10)
  expect(generations.get('a')).toBe('second')
})

test('lets go of what nobody asks for, and keeps the rest', () => {
  const { now, generations } = create()
  generations.keep('asked', 'asked', 10)
  generations.keep('left', 'left', 10)
  for (const end = now.seconds + 120; now.seconds <= end; now.seconds += 30) {
    generations.get('asked')
  }
  expect(generations.get('asked')).toBe('asked')
  expect(generations.get('left')).toBeUndefined()
})

test('a clock that is set back makes nothing live longer', () => {
  const { now, generations } = create()
  generations.keep('a', 'a', 10)
  now.seconds -= 1
  generations.get('b')
  now.seconds -= 1
  generations.get('b')
  expect(generations.get('a')).toBeUndefined()
})

test('never keeps more than its bytes', () => {
  const { generations } = create({ mostBytes: 1000 })
  const keys = Array.from({ length: 500 }, (_, i) => `key-${i}`)
  for (const key of keys) generations.keep(key, key, 10)
  const kept = keys.filter((key) => generations.get(key))
  expect(kept.length).toBeGreaterThan(20)
  expect(kept.length).toBeLessThanOrEqual(100)
  expect(kept).toContain('key-499')
})
