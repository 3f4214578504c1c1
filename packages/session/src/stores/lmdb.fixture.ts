import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import { expect, onTestFinished } from 'vitest'
import type { SessionKey } from '../record.ts'
import { createLmdbStore, type LmdbStore, type LmdbStoreOptions } from './lmdb.ts'

/** A store that is closed when the test ends. */
export function openStore(options: LmdbStoreOptions): LmdbStore {
  const store = createLmdbStore(options)
  onTestFinished(() => store.close())
  return store
}

export function expectRefusal(call: () => unknown, message: RegExp): void {
  expect(call).toThrow(expect.objectContaining({ code: 'ERR_SESSION_STORE_UNAVAILABLE' }))
  expect(call).toThrow(message)
}

/** Puts bytes in place of a session, as damage or another version would. */
export async function writeRaw(
  folder: string,
  row: { key: SessionKey; text: string },
): Promise<void> {
  const root = open({ path: folder, noSubdir: false, overlappingSync: false })
  const sessions = root.openDB({ name: 'sessions', encoding: 'string', useVersions: true })
  await sessions.put(row.key, row.text, 1)
  await root.close()
}

/** How many rows each table has. */
export async function countRaw(folder: string): Promise<Record<string, number>> {
  const root = open({ path: folder, noSubdir: false, overlappingSync: false })
  const counts: Record<string, number> = {}
  const names = ['sessions', 'members', 'ends', 'claims', 'claim-ends']
  names.push('marks', 'mark-ends', 'tasks', 'task-ends', 'task-places')
  for (const name of names) {
    counts[name] = root.openDB({ name, encoding: 'string' }).getKeysCount()
  }
  await root.close()
  return counts
}

/** A new folder that is gone when the test has ended. */
export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-lmdb-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
