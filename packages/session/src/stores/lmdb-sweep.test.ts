import { execFileSync } from 'node:child_process'
import { open } from 'lmdb'
import { describe, expect, test } from 'vitest'
import type { SessionKey } from '../record.ts'
import { createRecord, start } from '../testing/contract-setting.ts'
import { countRaw, createFolder, openStore, writeRaw } from './lmdb.fixture.ts'
import { createLmdbStore } from './lmdb.ts'

describe('the sweeper', () => {
  test('removes sessions, tombstones, claims, marks and tasks that are over, with every index row', async () => {
    const folder = createFolder()
    let now = start
    const store = createLmdbStore({ folder, clock: () => now })
    const lives = { expiresAt: start + 10, absoluteExpiresAt: start + 100 }
    await store.put(createRecord({ key: 'idle' as SessionKey, ...lives }))
    await store.put(createRecord({ key: 'moved' as SessionKey, ...lives }))
    await store.put(
      createRecord({ key: 'moved' as SessionKey, version: 2, ...lives, expiresAt: start + 50 }),
    )
    await store.put(createRecord({ key: 'deleted' as SessionKey, ...lives }))
    await store.delete('deleted' as SessionKey)
    await store.claim('short', start + 10)
    await store.claim('long', start + 60)
    await store.mark('id', { at: start, expiresAt: start + 10, reason: 'logout' })
    await store.mark('id', { at: start + 1, expiresAt: start + 60, reason: 'logout' })
    const task = { id: 'task', dueAt: start, attempts: 0, sealed: '' }
    await store.putTask({ ...task, expiresAt: start + 10 })
    await store.putTask({ ...task, expiresAt: start + 60 })
    await store.takeTasks({ limit: 1, leaseTime: 5 })
    await store.putTask({ ...task, id: 'removed', expiresAt: start + 60 })
    await store.removeTask('removed')

    expect(await store.sweep()).toBe(0)
    now = start + 10
    expect(await store.sweep()).toBe(2)
    expect(store.get('moved' as SessionKey)?.version).toBe(2)
    now = start + 60
    expect(await store.sweep()).toBe(4)
    expect(await store.put(createRecord({ key: 'deleted' as SessionKey }))).toBe(false)
    now = start + 100
    expect(await store.sweep()).toBe(1)
    await store.close()
    expect(await countRaw(folder)).toEqual({
      sessions: 0,
      members: 0,
      ends: 0,
      claims: 0,
      'claim-ends': 0,
      marks: 0,
      'mark-ends': 0,
      tasks: 0,
      'task-ends': 0,
      'task-places': 0,
    })
  })

  test('gets through more than one batch, and leaves what lives', async () => {
    let now = start
    const store = openStore({ folder: createFolder(), clock: () => now })
    const records = Array.from({ length: 700 }, (_, index) =>
      createRecord({
        key: `k${index}` as SessionKey,
        expiresAt: start + (index % 7 === 0 ? 1000 : 1 + (index % 5)),
      }),
    )
    await Promise.all(records.map((record) => store.put(record)))
    now = start + 5
    expect(await store.sweep()).toBe(600)
    expect(records.filter(({ key }) => store.get(key))).toHaveLength(100)
  })

  test('removes a row nobody can read once it is over', async () => {
    const folder = createFolder()
    let now = start
    const first = createLmdbStore({ folder, clock: () => now })
    await first.put(createRecord())
    await first.close()
    await writeRaw(folder, { key: createRecord().key, text: '{"schema":99}' })
    const store = openStore({ folder, clock: () => now })
    now = createRecord().expiresAt
    expect(await store.sweep()).toBe(1)
    expect(store.get(createRecord().key)).toBeUndefined()
  })

  test('runs by itself', async () => {
    const folder = createFolder()
    let now = start
    const store = createLmdbStore({ folder, clock: () => now, sweepEverySeconds: 0.01 })
    await store.put(createRecord())
    now = createRecord().absoluteExpiresAt
    const watcher = open({ path: folder, noSubdir: false, overlappingSync: false })
    const sessions = watcher.openDB({ name: 'sessions', encoding: 'string', useVersions: true })
    await expect.poll(() => sessions.getCount()).toBe(0)
    await watcher.close()
    await store.close()
  })

  test('does not keep a process alive', () => {
    const program = `
      import { createLmdbStore } from ${JSON.stringify(import.meta.resolve('./lmdb.ts'))}
      createLmdbStore({ folder: ${JSON.stringify(createFolder())} })`
    const argv = ['--conditions=sallyport-source', '--input-type=module', '--eval', program]
    execFileSync(process.execPath, argv, { timeout: 20_000 })
  })

  test.each([0, -1, Number.NaN, 86_401, Number.POSITIVE_INFINITY])(
    'refuses to run every %d seconds',
    (sweepEverySeconds) => {
      const options = { folder: createFolder(), sweepEverySeconds }
      expect(() => createLmdbStore(options)).toThrow(TypeError)
    },
  )
})
