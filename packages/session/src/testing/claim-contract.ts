import { describe, expect, test } from 'vitest'
import { type ContractSetting, createRecord, start } from './contract-setting.ts'

/** The part of the suite about what may be used once only. */
export function claimContract({ store, setTime }: ContractSetting): void {
  describe('claim', () => {
    test('gives true once, until the second it ends', async () => {
      expect(await store().claim('jti-1', start + 10)).toBe(true)
      expect(await store().claim('jti-1', start + 10)).toBe(false)
      setTime(start + 9)
      expect(await store().claim('jti-1', start + 100)).toBe(false)
      setTime(start + 10)
      expect(await store().claim('jti-1', start + 20)).toBe(true)
      expect(await store().claim('jti-1', start + 20)).toBe(false)
    })

    test('gives true to one of 50 parallel callers', async () => {
      const callers = Array.from({ length: 50 }, (_, index) =>
        store().claim('state:x', start + 10 + index),
      )
      expect((await Promise.all(callers)).filter(Boolean)).toHaveLength(1)
    })

    test('refuses a claim that would be over at once', async () => {
      expect(await store().claim('late', start)).toBe(false)
      expect(await store().claim('later', start - 1)).toBe(false)
    })

    test.each(['', '__proto__', 'ключ 🦆 \0', 'x'.repeat(5000)])('takes any id: %j', async (id) => {
      expect(await store().claim(id, start + 10)).toBe(true)
      expect(await store().claim(`${id}x`, start + 10)).toBe(true)
      expect(await store().claim(id, start + 10)).toBe(false)
    })

    test('has nothing to do with sessions of the same name', async () => {
      const record = createRecord()
      await store().put(record)
      expect(await store().claim(record.key, start + 10)).toBe(true)
      expect(await store().get(record.key)).toStrictEqual(record)
      await store().delete(record.key)
      expect(await store().claim(record.key, start + 10)).toBe(false)
    })
  })
}
