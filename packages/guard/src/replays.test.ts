import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createReplays } from './replays.ts'

test('says yes once for each id until it is over, as a plain list would', () => {
  const step = fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    wait: fc.nat({ max: 5 }),
    lifetime: fc.integer({ min: 1, max: 10 }),
  })
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      let now = 0
      const replays = createReplays(100, () => now)
      const ends = new Map<string, number>()
      for (const { id, wait, lifetime } of steps) {
        now += wait
        const first = (ends.get(id) ?? 0) <= now
        if (first) ends.set(id, now + lifetime)
        expect(replays.claim(id, now + lifetime)).toBe(first)
      }
    }),
  )
})

test('forgets nothing when it is full, and has room again when something is over', () => {
  let now = 0
  const replays = createReplays(2, () => now)
  expect(replays.claim('a', 10)).toBe(true)
  expect(replays.claim('b', 20)).toBe(true)

  expect(() => replays.claim('c', 20)).toThrow('2 ids')
  expect(replays.claim('a', 20)).toBe(false)
  now = 10
  expect(replays.claim('c', 20)).toBe(true)
})
