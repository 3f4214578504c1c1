import { expect, test } from 'vitest'
import type { SessionKey } from '../record.ts'
import { createRowReader } from './row-reader.ts'
import { encodeRow } from './stored-row.ts'

const [key, other] = ['key', 'other'] as SessionKey[] as [SessionKey, SessionKey]
const tombstone = (deletedUntil: number) => encodeRow({ deletedUntil })

test('reads the same again, whatever was done to what it gave', () => {
  const readRow = createRowReader(() => 1000)
  const first = readRow(tombstone(1), key)
  expect(first).toEqual({ deletedUntil: 1 })
  Object.assign(first, { deletedUntil: 2 })
  expect(readRow(tombstone(1), key)).toEqual({ deletedUntil: 1 })
})

test('says what the text says now, and what each key has', () => {
  const readRow = createRowReader(() => 1000)
  readRow(tombstone(1), key)
  expect(readRow(tombstone(2), key)).toEqual({ deletedUntil: 2 })
  expect(readRow(tombstone(3), other)).toEqual({ deletedUntil: 3 })
  expect(readRow(tombstone(2), key)).toEqual({ deletedUntil: 2 })
})

test('a text that cannot be read is an error each time', () => {
  const readRow = createRowReader(() => 1000)
  const unreadable = expect.objectContaining({ code: 'ERR_SESSION_STORE_UNAVAILABLE' })
  readRow(tombstone(1), key)
  for (const _ of [1, 2]) expect(() => readRow('{}', key)).toThrow(unreadable)
})
