import { describe, expect, test } from 'vitest'
import { type ContractSetting, createRecord, start, toKey } from './contract-setting.ts'

/** The part of the suite about compare-and-set. */
export function putContract({ store, setTime }: ContractSetting): void {
  describe('put', () => {
    test('creates with version 1 only', async () => {
      expect(await store().put(createRecord({ version: 2 }))).toBe(false)
      expect(await store().get(createRecord().key)).toBeUndefined()
      expect(await store().put(createRecord())).toBe(true)
    })

    test('refuses to create twice', async () => {
      await store().put(createRecord())
      expect(await store().put(createRecord({ sealed: 'second' }))).toBe(false)
      expect(await store().get(createRecord().key)).toStrictEqual(createRecord())
    })

    test.each([1, 2, 4, 5, 300])('on version 2 refuses version %i', async (version) => {
      await store().put(createRecord())
      await store().put(createRecord({ version: 2 }))
      expect(await store().put(createRecord({ version, sealed: 'late' }))).toBe(false)
      expect(await store().get(createRecord().key)).toStrictEqual(createRecord({ version: 2 }))
      expect(await store().put(createRecord({ version: 3 }))).toBe(true)
    })

    test('lets one of 50 parallel creators win', async () => {
      const attempts = Array.from({ length: 50 }, (_, index) =>
        createRecord({ sealed: `writer-${index}` }),
      )
      const won = await Promise.all(attempts.map((attempt) => store().put(attempt)))
      expect(won.filter(Boolean)).toHaveLength(1)
      expect(await store().get(createRecord().key)).toStrictEqual(attempts[won.indexOf(true)])
    })

    test('lets one of 50 parallel writers of a version win, version after version', async () => {
      await store().put(createRecord())
      for (const version of [2, 3, 4]) {
        const attempts = Array.from({ length: 50 }, (_, index) =>
          createRecord({ version, sealed: `writer-${index}` }),
        )
        const won = await Promise.all(attempts.map((attempt) => store().put(attempt)))
        expect(won.filter(Boolean)).toHaveLength(1)
        expect(await store().get(createRecord().key)).toStrictEqual(attempts[won.indexOf(true)])
      }
    })

    test('refuses the next version of a session that has expired', async () => {
      await store().put(createRecord({ expiresAt: start + 10 }))
      setTime(start + 10)
      expect(await store().put(createRecord({ version: 2 }))).toBe(false)
      expect(await store().get(createRecord().key)).toBeUndefined()
    })

    test('takes an expired session for nothing: its key can be used anew', async () => {
      await store().put(createRecord({ expiresAt: start + 10 }))
      setTime(start + 10)
      const anew = createRecord({ sid: 'sid-2', subject: 'somebody else' })
      expect(await store().put(anew)).toBe(true)
      expect(await store().get(anew.key)).toStrictEqual(anew)
      const { issuer, subject, sid } = createRecord()
      expect(await store().deleteAll({ issuer, subject })).toBe(0)
      expect(await store().deleteAll({ issuer, sid: sid as string })).toBe(0)
      expect(await store().deleteAll({ issuer, sid: 'sid-2' })).toBe(1)
    })

    test.each([
      ['no key', { key: toKey('') }],
      ['a key of 257 characters', { key: toKey('k'.repeat(257)) }],
      ['version 0', { version: 0 }],
      ['half a version', { version: 1.5 }],
      ['an end that is no number', { expiresAt: Number.NaN }],
      ['an end after its absolute end', { absoluteExpiresAt: start, expiresAt: start + 1 }],
      ['a subject that is no text', { subject: 7 as unknown as string }],
      ['a device of 257 characters', { device: 'x'.repeat(257) }],
      ['half a second', { lastSeenAt: start + 0.5 }],
      ['an authentication time that is no number', { authTime: '1' as unknown as number }],
      ['a field no record has', { token: 'x' } as object],
    ])('throws a TypeError for a record with %s', async (_, change) => {
      const attempt = async () => await store().put(createRecord(change))
      await expect(attempt()).rejects.toThrow(TypeError)
    })
  })
}
