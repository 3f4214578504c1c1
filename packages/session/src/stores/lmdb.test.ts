import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { SessionKey } from '../record.ts'
import { createRecord, start } from '../testing/contract-setting.ts'
import { sessionStoreContract } from '../testing/index.ts'
import { sweepFirst } from '../testing/sweep-first.fixture.ts'
import { createFolder, expectRefusal, openStore } from './lmdb.fixture.ts'
import { createLmdbStore } from './lmdb.ts'

sessionStoreContract({
  name: 'LMDB store',
  create: ({ clock }) => createLmdbStore({ folder: createFolder(), clock }),
})

sessionStoreContract({
  name: 'LMDB store that sweeps before each call',
  create: ({ clock }) => sweepFirst(createLmdbStore({ folder: createFolder(), clock })),
})

describe('the folder', () => {
  test('is made for the owner alone, and so is each file in it', async () => {
    const folder = join(createFolder(), 'data', 'sessions.d')
    await openStore({ folder }).put(createRecord())
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    const files = readdirSync(folder)
    expect(files).toContain('data.mdb')
    for (const file of files) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600)
  })

  test('keeps everything while nobody has it open', async () => {
    const folder = createFolder()
    const clock = () => start
    const first = createLmdbStore({ folder, clock })
    await first.put(createRecord())
    await first.put(createRecord({ key: 'gone' as SessionKey }))
    await first.delete('gone' as SessionKey)
    await first.claim('jti', start + 10)
    const mark = { at: start, expiresAt: start + 10, reason: 'logout' }
    await first.mark('id', mark)
    const task = { id: 'task', dueAt: start, expiresAt: start + 10, attempts: 0, sealed: '' }
    await first.putTask(task)
    await first.close()
    const second = openStore({ folder, clock })
    expect(second.get(createRecord().key)).toStrictEqual(createRecord())
    expect(await second.put(createRecord({ key: 'gone' as SessionKey }))).toBe(false)
    expect(await second.claim('jti', start + 10)).toBe(false)
    expect(second.marks(['id'])).toEqual([mark])
    expect(await second.takeTasks({ limit: 1, leaseTime: 5 })).toEqual([
      { ...task, dueAt: start + 5 },
    ])
  })

  test('that is a file is refused, saying so', () => {
    const file = join(createFolder(), 'file')
    writeFileSync(file, '')
    expectRefusal(() => createLmdbStore({ folder: file }), /must be a folder/)
    expectRefusal(() => createLmdbStore({ folder: join(file, 'below') }), /must be a folder/)
  })

  test.each([
    ['something else', 'not a database '.repeat(1000)],
    ['a stump', 'x'],
  ])('with %s in place of its data is refused, saying so', (_, content) => {
    const folder = createFolder()
    writeFileSync(join(folder, 'data.mdb'), content)
    expectRefusal(() => createLmdbStore({ folder }), /restore it, or move it away/)
  })

  test('that belongs to somebody else is refused, saying so', () => {
    const folder = createFolder()
    const inner = join(folder, 'inner')
    mkdirSync(inner)
    chmodSync(inner, 0o500)
    chmodSync(folder, 0o755)
    const program = `
      import { createLmdbStore } from ${JSON.stringify(import.meta.resolve('./lmdb.ts'))}
      if (process.getuid() === 0) process.setuid(65534)
      try {
        createLmdbStore({ folder: ${JSON.stringify(inner)} })
      } catch (error) {
        console.log(error.code, error.message)
      }`
    const child = spawnSync(
      process.execPath,
      ['--conditions=sallyport-source', '--input-type=module', '--eval', program],
      { encoding: 'utf8' },
    )
    expect(child.stdout, child.stderr).toMatch(/^ERR_SESSION_STORE_UNAVAILABLE .*chown/)
  })
})

describe('close', () => {
  test('lets writes that are under way finish', async () => {
    const folder = createFolder()
    const clock = () => start
    const store = createLmdbStore({ folder, clock })
    const keys = Array.from({ length: 300 }, (_, index) => `k${index}` as SessionKey)
    const writes = keys.map((key) => store.put(createRecord({ key })))
    const { issuer, subject } = createRecord()
    await store.close()
    expect((await Promise.all(writes)).every(Boolean)).toBe(true)

    const again = createLmdbStore({ folder, clock })
    const deleted = again.deleteAll({ issuer, subject })
    await setImmediate()
    await again.close()
    expect(await deleted).toBe(300)
  })
})
