import { describe, expect, test } from 'vitest'
import { type ContractSetting, createRecord, start, toKey } from './contract-setting.ts'

/** The part of the suite about ending all sessions of a sign-in or a subject. */
export function deleteAllContract({ store, setTime }: ContractSetting): void {
  describe('deleteAll', () => {
    const issuer = 'https://issuer.example'
    const other = 'https://other.example'

    async function fill() {
      const records = [
        createRecord({ key: toKey('a1'), subject: 'alice', sid: '1', frontend: 'shop' }),
        createRecord({ key: toKey('a1-admin'), subject: 'alice', sid: '1', frontend: 'admin' }),
        createRecord({ key: toKey('a2'), subject: 'alice', sid: '2' }),
        createRecord({ key: toKey('b3'), subject: 'bob', sid: '3' }),
        createRecord({ key: toKey('other-a1'), subject: 'alice', sid: '1', issuer: other }),
      ]
      const { sid, ...withoutSid } = createRecord({ key: toKey('a-none'), subject: 'alice' })
      for (const record of [...records, withoutSid]) await store().put(record)
    }

    async function left() {
      const keys = ['a1', 'a1-admin', 'a2', 'b3', 'other-a1', 'a-none']
      const found = await Promise.all(keys.map((key) => store().get(toKey(key))))
      return keys.filter((_, index) => found[index])
    }

    test('by sid ends one sign-in in each frontend, at that issuer only', async () => {
      await fill()
      expect(await store().deleteAll({ issuer, sid: '1' })).toBe(2)
      expect(await left()).toEqual(['a2', 'b3', 'other-a1', 'a-none'])
    })

    test('by subject ends all of them, at that issuer only', async () => {
      await fill()
      expect(await store().deleteAll({ issuer, subject: 'alice' })).toBe(4)
      expect(await left()).toEqual(['b3', 'other-a1'])
    })

    test('A250: a sid of another subject, or of another issuer, ends nothing', async () => {
      await fill()
      expect(await store().deleteAll({ issuer, sid: '1', subject: 'bob' })).toBe(0)
      expect(await store().deleteAll({ issuer: other, sid: '3', subject: 'bob' })).toBe(0)
      expect(await left()).toHaveLength(6)
      expect(await store().deleteAll({ issuer, sid: '1', subject: 'alice' })).toBe(2)
      expect(await left()).toEqual(['a2', 'b3', 'other-a1', 'a-none'])
    })

    test('may be narrowed to a frontend', async () => {
      await fill()
      expect(await store().deleteAll({ issuer, subject: 'alice', frontend: 'admin' })).toBe(1)
      expect(await store().deleteAll({ issuer, sid: '1', frontend: 'other' })).toBe(0)
      expect(await store().deleteAll({ issuer, sid: '1', frontend: 'shop' })).toBe(1)
      expect(await left()).toEqual(['a2', 'b3', 'other-a1', 'a-none'])
    })

    test('by frontend, by issuer and by nothing ends all of them', async () => {
      await fill()
      expect(await store().deleteAll({ frontend: 'admin' })).toBe(1)
      expect(await left()).toEqual(['a1', 'a2', 'b3', 'other-a1', 'a-none'])
      expect(await store().deleteAll({ issuer })).toBe(4)
      expect(await left()).toEqual(['other-a1'])
      await store().put(createRecord({ key: toKey('new') }))
      expect(await store().deleteAll({})).toBe(2)
      expect(await store().deleteAll({})).toBe(0)
      expect(await left()).toEqual([])
    })

    test('does not take a sid for a subject, nor match parts of a name', async () => {
      await fill()
      const filters = [
        { issuer, sid: 'alice' },
        { issuer, subject: '1' },
        { issuer, subject: 'ali' },
        { issuer, subject: '' },
        { issuer: `${issuer}/`, subject: 'alice' },
        { issuer: 'https://issuer', sid: '.example1' },
      ]
      for (const filter of filters) expect(await store().deleteAll(filter)).toBe(0)
      expect(await left()).toHaveLength(6)
    })

    test('counts neither expired nor deleted sessions, and wins over writes', async () => {
      await fill()
      await store().put(createRecord({ key: toKey('old'), subject: 'alice', expiresAt: start + 1 }))
      await store().delete(toKey('a2'))
      setTime(start + 1)
      expect(await store().deleteAll({ issuer, subject: 'alice' })).toBe(3)
      expect(await store().deleteAll({ issuer, subject: 'alice' })).toBe(0)
      const late = createRecord({ key: toKey('a1'), subject: 'alice', sid: '1', version: 2 })
      expect(await store().put(late)).toBe(false)
    })

    test('finds a session by what its latest version says', async () => {
      await store().put(createRecord({ subject: 'alice', sid: '1' }))
      await store().put(createRecord({ subject: 'alice', sid: '2', version: 2 }))
      expect(await store().deleteAll({ issuer, sid: '1' })).toBe(0)
      expect(await store().deleteAll({ issuer, sid: '2' })).toBe(1)
    })

    test('deletes more than a thousand', async () => {
      const records = Array.from({ length: 1100 }, (_, index) =>
        createRecord({ key: toKey(`bulk-${index}`), subject: 'robot', sid: `${index}` }),
      )
      await Promise.all(records.map((record) => store().put(record)))
      expect(await store().deleteAll({ issuer, subject: 'robot' })).toBe(1100)
      expect(await store().get(toKey('bulk-0'))).toBeUndefined()
      expect(await store().get(toKey('bulk-1099'))).toBeUndefined()
      const others = records.map((record) => ({ ...record, key: toKey(`x${record.key}`) }))
      await Promise.all(others.map((record) => store().put(record)))
      expect(await store().deleteAll({ frontend: 'shop' })).toBe(1100)
    })
  })
}
