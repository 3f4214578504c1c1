import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Mark } from '../mark.ts'
import { type ContractSetting, start } from './contract-setting.ts'

/** The part of the suite about marks. */
export function markContract({ store, setTime }: ContractSetting): void {
  function markOf(change: Partial<Mark> = {}): Mark {
    return { at: start, expiresAt: start + 100, reason: 'logout', ...change }
  }

  describe('marks', () => {
    test('are given back in the order of their ids, with gaps', async () => {
      const [one, two] = [markOf(), markOf({ at: start + 5, reason: 'admin' })]
      expect(await store().marks(['one'])).toEqual([undefined])
      await store().mark('one', one)
      await store().mark('two', two)
      const asked = ['two', 'none', 'one', 'two']
      expect(await store().marks(asked)).toStrictEqual([two, undefined, one, two])
      expect(await store().marks([])).toEqual([])
    })

    test('are forgotten in the second they expire', async () => {
      await store().mark('id', markOf({ expiresAt: start + 10 }))
      await store().mark('late', markOf({ expiresAt: start }))
      expect(await store().marks(['late'])).toEqual([undefined])
      setTime(start + 9)
      expect(await store().marks(['id'])).toMatchObject([{ at: start }])
      setTime(start + 10)
      expect(await store().marks(['id'])).toEqual([undefined])
    })

    test('stay when they are later than another, and give way to a later one', async () => {
      await store().mark('id', markOf({ at: start + 5 }))
      await store().mark('id', markOf({ at: start + 4, expiresAt: start + 1000 }))
      expect(await store().marks(['id'])).toStrictEqual([markOf({ at: start + 5 })])
      const sameSecond = markOf({ at: start + 5, reason: 'admin', expiresAt: start + 20 })
      await store().mark('id', sameSecond)
      expect(await store().marks(['id'])).toStrictEqual([sameSecond])
      setTime(start + 20)
      await store().mark('id', markOf({ at: start }))
      expect(await store().marks(['id'])).toStrictEqual([markOf({ at: start })])
    })

    test('of 50 writers at once: the latest stays', async () => {
      const writes = Array.from({ length: 50 }, (_, index) =>
        store().mark('id', markOf({ at: start + ((index * 17) % 50), expiresAt: start + 1000 })),
      )
      await Promise.all(writes)
      expect(await store().marks(['id'])).toMatchObject([{ at: start + 49 }])
    })

    test('agree with a simple model', async () => {
      const ids = ['a', 'b', '__proto__']
      const step = fc.record({
        id: fc.constantFrom(...ids),
        at: fc.integer({ min: 0, max: 9 }),
        life: fc.integer({ min: 0, max: 9 }),
        wait: fc.integer({ min: 0, max: 4 }),
      })
      let run = 0
      let now = start
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          run += 1
          const model = new Map<string, Mark>()
          for (const { id, at, life, wait } of steps) {
            now += wait
            setTime(now)
            const mark = markOf({ at: now + at, expiresAt: now + life })
            const earlier = model.get(id)
            const isEarlierLive = earlier && now < earlier.expiresAt
            await store().mark(`${run}${id}`, mark)
            if (life > 0 && !(isEarlierLive && mark.at < earlier.at)) model.set(id, mark)
            const expected = ids.map((one) => model.get(one))
            expect(await store().marks(ids.map((one) => `${run}${one}`))).toEqual(
              expected.map((one) => (one && now < one.expiresAt ? one : undefined)),
            )
          }
        }),
        { numRuns: 30, endOnFailure: true },
      )
    })

    test.each(['', '__proto__', 'ключ 🦆 \0', 'x'.repeat(5000)])('take any id: %j', async (id) => {
      await store().mark(id, markOf())
      expect(await store().marks([`${id}x`, id])).toStrictEqual([undefined, markOf()])
    })

    test('have nothing to do with claims of the same name', async () => {
      await store().mark('id', markOf())
      expect(await store().claim('id', start + 10)).toBe(true)
      expect(await store().marks(['id'])).toStrictEqual([markOf()])
    })

    test.each<[string, object]>([
      ['half a second', { at: 1.5 }],
      ['an end that is no number', { expiresAt: Number.NaN }],
      ['no reason', { reason: '' }],
      ['a reason that is a sentence', { reason: 'signed out by somebody' }],
      ['a long reason', { reason: 'x'.repeat(65) }],
      ['a field no mark has', { by: 'admin' }],
    ])('with %s are a TypeError', async (_, change) => {
      const attempt = async () => await store().mark('id', markOf(change))
      await expect(attempt()).rejects.toThrow(TypeError)
      expect(await store().marks(['id'])).toEqual([undefined])
    })

    test('of more than 16 ids at once are a TypeError', async () => {
      const ids = Array.from({ length: 17 }, (_, index) => `${index}`)
      expect(await store().marks(ids.slice(1))).toHaveLength(16)
      await expect((async () => await store().marks(ids))()).rejects.toThrow(TypeError)
    })
  })
}
