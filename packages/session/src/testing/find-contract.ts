import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SessionRecord } from '../record.ts'
import { matchesFilter, type SessionFilter } from '../session-filter.ts'
import { type ContractSetting, createRecord, start, toKey } from './contract-setting.ts'

const issuer = 'https://issuer.example'

/** The part of the suite about looking for sessions. */
export function findContract({ store, setTime }: ContractSetting): void {
  /** All pages, each at most so long. */
  async function findAll(filter: SessionFilter, limit = 500): Promise<SessionRecord[]> {
    const found: SessionRecord[] = []
    let after: string | undefined
    do {
      const { sessions, next } = await store().find(filter, { limit, after })
      expect(sessions.length).toBeLessThanOrEqual(limit)
      found.push(...sessions)
      after = next
    } while (after !== undefined)
    return found
  }

  const keysOf = (records: SessionRecord[]) => records.map(({ key }) => String(key)).sort()

  async function fill() {
    const other = 'https://other.example'
    const records = [
      createRecord({ key: toKey('a1'), sid: '1' }),
      createRecord({ key: toKey('a1-admin'), sid: '1', frontend: 'admin' }),
      createRecord({ key: toKey('a2'), sid: '2' }),
      createRecord({ key: toKey('b3'), subject: 'bob', sid: '3' }),
      createRecord({ key: toKey('other-a1'), sid: '1', issuer: other }),
    ]
    for (const record of records) await store().put(record)
  }

  describe('find', () => {
    test.each<[SessionFilter, string[]]>([
      [{ issuer, sid: '1' }, ['a1', 'a1-admin']],
      [{ issuer, sid: '1', frontend: 'admin' }, ['a1-admin']],
      [{ issuer, subject: 'alice' }, ['a1', 'a1-admin', 'a2']],
      [{ issuer, subject: 'alice', frontend: 'shop' }, ['a1', 'a2']],
      [{ issuer, subject: 'alice', sid: '2' }, ['a2']],
      [{ issuer, subject: 'alice', sid: '3' }, []],
      [{ issuer }, ['a1', 'a1-admin', 'a2', 'b3']],
      [{ frontend: 'shop' }, ['a1', 'a2', 'b3', 'other-a1']],
      [{ issuer, frontend: 'admin' }, ['a1-admin']],
      [{ issuer, sid: 'alice' }, []],
      [{ issuer, subject: '' }, []],
      [{ frontend: 'sho' }, []],
      [{}, ['a1', 'a1-admin', 'a2', 'b3', 'other-a1']],
    ])('by %j gives %j, in pages of any length', async (filter, keys) => {
      await fill()
      for (const limit of [1, 2, 500]) expect(keysOf(await findAll(filter, limit))).toEqual(keys)
    })

    test('gives sessions as they are, and neither expired nor deleted ones', async () => {
      await fill()
      const full = createRecord({
        key: toKey('full'),
        subject: 'carol',
        lastSeenAt: start,
        authTime: start - 5,
        device: 'Firefox on Debian',
        lease: { holder: 'worker', until: start + 9 },
      })
      await store().put(full)
      await store().put(createRecord({ key: toKey('old'), subject: 'carol', expiresAt: start + 1 }))
      await store().put(createRecord({ key: toKey('gone'), subject: 'carol' }))
      await store().delete(toKey('gone'))
      setTime(start + 1)
      expect(await findAll({ issuer, subject: 'carol' })).toStrictEqual([full])
    })

    test('finds a session by what its latest version says', async () => {
      await store().put(createRecord({ sid: '1' }))
      await store().put(createRecord({ sid: '2', frontend: 'admin', version: 2 }))
      expect(await findAll({ issuer, sid: '1' })).toEqual([])
      expect(await findAll({ frontend: 'shop' })).toEqual([])
      expect(keysOf(await findAll({ issuer, sid: '2', frontend: 'admin' }))).toHaveLength(1)
    })

    test('gives each of 700 sessions once, though others come and go between the pages', async () => {
      const records = Array.from({ length: 700 }, (_, index) =>
        createRecord({ key: toKey(`bulk-${index}`), sid: `${index}` }),
      )
      await Promise.all(records.map((record) => store().put(record)))
      for (const filter of [{ issuer, subject: 'alice' }, { frontend: 'shop' }, {}]) {
        const found: string[] = []
        let after: string | undefined
        let page = 0
        do {
          const { sessions, next } = await store().find(filter, { limit: 97, after })
          found.push(...keysOf(sessions))
          after = next
          await store().put(createRecord({ key: toKey(`${page++}`), subject: 'x', sid: 'x' }))
        } while (after !== undefined)
        const bulk = found.filter((key) => key.startsWith('bulk-'))
        expect(bulk.sort()).toEqual(keysOf(records))
        await store().deleteAll({ issuer, subject: 'x' })
      }
    })

    test('agrees with a look at each session, whatever the filter', async () => {
      const texts = fc.constantFrom('a', 'b', '')
      const pool = fc.record({ issuer: texts, subject: texts, sid: texts, frontend: texts })
      const filters = fc.record(
        { issuer: texts, subject: texts, sid: texts, frontend: texts },
        { requiredKeys: ['issuer'] },
      )
      let count = 0
      const records: SessionRecord[] = []
      await fc.assert(
        fc.asyncProperty(
          pool,
          filters,
          fc.integer({ min: 1, max: 9 }),
          async (who, filter, limit) => {
            const record = createRecord({ ...who, key: toKey(`k${count++}`) })
            await store().put(record)
            records.push(record)
            const expected = records.filter((one) => matchesFilter(one, filter))
            expect(keysOf(await findAll(filter, limit))).toEqual(keysOf(expected))
          },
        ),
        { numRuns: 25, endOnFailure: true },
      )
    })

    test.each<[string, object]>([
      ['a sid without its issuer', { sid: '1' }],
      ['a subject without its issuer', { subject: 'alice' }],
      ['a member that says nothing', { issuer, sid: undefined }],
      ['a member that is no text', { issuer: 7 }],
      ['an unknown member', { issuer, subjectt: 'alice' }],
    ])('A250: %s is a TypeError, for deleteAll as well', async (_, filter) => {
      await store().put(createRecord())
      const find = async () => await store().find(filter, { limit: 1 })
      const deleteAll = async () => await store().deleteAll(filter)
      await expect(find()).rejects.toThrow(TypeError)
      await expect(deleteAll()).rejects.toThrow(TypeError)
      expect(await store().get(createRecord().key)).toBeDefined()
    })

    test.each([0, -1, 1.5, 501, Number.NaN])('a limit of %d is a TypeError', async (limit) => {
      const find = async () => await store().find({}, { limit })
      await expect(find()).rejects.toThrow(TypeError)
    })
  })
}
