import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { sessionStoreContract } from '../testing/index.ts'
import { createLmdbStore } from './lmdb.ts'

sessionStoreContract({
  name: 'LMDB store',
  create: ({ clock }) => createLmdbStore({ folder: createFolder(), clock }),
})

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-lmdb-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
