import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStorage } from './environment.ts'

let dataDir: string

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sallyport-storage-'))
})
afterEach(() => rmSync(dataDir, { recursive: true }))

test('a folder that was open to others is not any more, nor is a file in it', async () => {
  chmodSync(dataDir, 0o755)
  const storage = openStorage(dataDir)
  await storage.transact((write) => write.put('a', { exp: 1 }))
  await storage.close()
  expect(statSync(dataDir).mode & 0o777).toBe(0o700)
  const modes = readdirSync(dataDir).map((file) => statSync(join(dataDir, file)).mode & 0o777)
  expect(modes).toEqual([0o600, 0o600])
})

test('a damaged data file is refused with what to do, and does not end the process', () => {
  writeFileSync(join(dataDir, 'data.mdb'), 'not a database '.repeat(1000))
  expect(() => openStorage(dataDir)).toThrow(
    expect.objectContaining({
      code: 'ERR_CONFIG_INVALID',
      message: expect.stringMatching(/^dataDir cannot be opened: .*restore it, or move it away/),
    }),
  )
})

test('a disk that is full refuses writes, and does not end the process', () => {
  const program = `
    import { openStorage } from ${JSON.stringify(import.meta.resolve('./environment.ts'))}
    const storage = openStorage(${JSON.stringify(dataDir)})
    const put = (number) => storage.transact((write) => write.put('k' + number, { text: 'x'.repeat(8000) }))
    const results = []
    for (let number = 0; number < 100; number += 1) {
      results.push(await put(number).then(() => 'written', (error) => error.name))
    }
    console.log([...new Set(results)].join(), storage.get('k0').text.length)`
  // A limit on the size of files is as good as a full disk, and needs nobody's disk.
  const shell = 'trap "" XFSZ; ulimit -f 600; exec "$0" "$@"'
  const node = [process.execPath, '--conditions=sallyport-source', '--input-type=module', '--eval']
  const child = spawnSync('sh', ['-c', shell, ...node, program], { encoding: 'utf8' })
  expect(child.stdout, child.stderr).toBe('written,Error 8000\n')
})
