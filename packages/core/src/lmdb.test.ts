import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openLmdb } from './lmdb.ts'

let parent: string

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'sallyport-lmdb-'))
})
afterEach(() => rmSync(parent, { recursive: true }))

const opened = (folder: string) => openLmdb(folder, ({ path }) => path)

test('a folder is made for its owner alone, and what opens it gets its path', () => {
  const folder = join(parent, 'data', 'sessions.d')
  expect(opened(folder)).toBe(folder)
  expect(statSync(folder).mode & 0o777).toBe(0o700)
})

test('a folder that is a file is refused, saying so', () => {
  const file = join(parent, 'file')
  writeFileSync(file, '')
  expect(() => opened(file)).toThrow(/must be a folder/)
  expect(() => opened(join(file, 'below'))).toThrow(/must be a folder/)
})

test.each([
  ['something else', 'not a database '.repeat(1000)],
  ['a stump', 'x'],
])('%s in place of the data is refused, and nobody opens it', (_, content) => {
  writeFileSync(join(parent, 'data.mdb'), content)
  expect(() => openLmdb(parent, () => expect.unreachable())).toThrow(/restore it, or move it away/)
})

test('an empty data file, which a crash may leave, is none', () => {
  writeFileSync(join(parent, 'data.mdb'), '')
  expect(opened(parent)).toBe(parent)
})

test.each([
  ['MDB_ENOSPC: No space left on device', /Make room/],
  ['Permission denied', /chown/],
  ['Read-only file system', /chown/],
  ['Out of slots', /^Out of slots$/],
])('what the binding says is explained: %s', (message, explained) => {
  const cause = new Error(message)
  const attempt = () =>
    openLmdb(parent, () => {
      throw cause
    })
  expect(attempt).toThrow(
    expect.objectContaining({ message: expect.stringMatching(explained), cause }),
  )
})
