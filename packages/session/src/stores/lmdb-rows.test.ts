import { describe, expect, test } from 'vitest'
import type { SessionKey } from '../record.ts'
import { createRecord, start } from '../testing/contract-setting.ts'
import { createFolder, expectRefusal, openStore, writeRaw } from './lmdb.fixture.ts'
import { createLmdbStore } from './lmdb.ts'

describe('a row on disk', () => {
  const { key } = createRecord()
  const row = (change: object) => JSON.stringify({ schema: 1, record: createRecord(), ...change })

  test.each([
    ['no JSON', 'garbage'],
    ['nothing', ''],
    ['an array', '[]'],
    ['another schema', row({ schema: 2 })],
    ['no schema', row({ schema: undefined })],
    ['a field of another version', row({ compressed: true })],
    ['no record', row({ record: undefined })],
    ['a record with a missing field', row({ record: { ...createRecord(), issuer: undefined } })],
    ['a record with a field too many', row({ record: { ...createRecord(), x: 1 } })],
    ['a record with a malformed lease', row({ record: createRecord({ lease: {} as never }) })],
    ['the record of another key', row({ record: createRecord({ key: 'other' as SessionKey }) })],
    ['a tombstone without end', '{"schema":1,"deletedUntil":"soon"}'],
  ])('that holds %s is an error, never "no session"', async (_, text) => {
    const folder = createFolder()
    await writeRaw(folder, { key, text })
    const store = openStore({ folder, clock: () => start })
    expectRefusal(() => store.get(key), /damaged, or written by another version/)
    const failures = [() => store.put(createRecord({ version: 2 })), () => store.delete(key)]
    for (const call of failures) {
      await expect(call()).rejects.toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE' })
    }
  })

  test('that cannot be read does not save the other sessions of a subject', async () => {
    const folder = createFolder()
    const clock = () => start
    const names = ['a', 'b', 'c'] as SessionKey[]
    const first = createLmdbStore({ folder, clock })
    for (const name of names) await first.put(createRecord({ key: name }))
    await first.close()
    await writeRaw(folder, { key: 'b' as SessionKey, text: 'garbage' })
    const store = openStore({ folder, clock })
    const { issuer, subject } = createRecord()
    await expect(store.deleteAll({ issuer, subject })).rejects.toThrow(/cannot be read/)
    expect(store.get('a' as SessionKey)).toBeUndefined()
    expect(store.get('c' as SessionKey)).toBeUndefined()
  })

  test('is never printed in an error', async () => {
    const folder = createFolder()
    await writeRaw(folder, { key, text: '{"schema":1,"record":{"sealed":"c2VjcmV0"}}' })
    const store = openStore({ folder })
    expect(() => store.get(key)).toThrow(expect.not.stringContaining('c2VjcmV0') as never)
  })
})
