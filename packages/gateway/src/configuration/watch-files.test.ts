import { appendFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fingerprintOf } from './fingerprint.ts'
import { watchFiles } from './watch-files.ts'

let folder: string
let stop: () => void = () => undefined
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-watch-'))
})
afterEach(async () => {
  stop()
  await rm(folder, { recursive: true, force: true })
})

/** Watches one file, and notes what is in it each time it is said to have changed. */
async function watch(path: string): Promise<string[]> {
  const texts: string[] = []
  let seen = new Map([[path, await fingerprintOf(path)]])
  stop = watchFiles({
    intervalMs: 20,
    seen: () => seen,
    async onChange() {
      seen = new Map([[path, await fingerprintOf(path)]])
      texts.push(await readFile(path, 'utf8').catch(() => 'gone'))
    },
  })
  return texts
}

test('a file that is written over, replaced, removed and made again has changed', async () => {
  const path = join(folder, 'file')
  await writeFile(path, 'one')
  const texts = await watch(path)
  await writeFile(path, 'second')
  await expect.poll(() => texts).toEqual(['second'])
  await writeFile(join(folder, 'draft'), 'six')
  await rename(join(folder, 'draft'), path)
  await expect.poll(() => texts).toEqual(['second', 'six'])
  await unlink(path)
  await expect.poll(() => texts).toEqual(['second', 'six', 'gone'])
  await writeFile(path, 'ten')
  await expect.poll(() => texts).toEqual(['second', 'six', 'gone', 'ten'])
})

test('a link that is turned on the way to a file, as Kubernetes does, changes the file', async () => {
  for (const version of ['v1', 'v2']) {
    await mkdir(join(folder, version))
    await writeFile(join(folder, version, 'file'), version)
  }
  await symlink('v1', join(folder, '..data'))
  await symlink('..data/file', join(folder, 'file'))
  const texts = await watch(join(folder, 'file'))
  await symlink('v2', join(folder, '..next'))
  await rename(join(folder, '..next'), join(folder, '..data'))
  await expect.poll(() => texts).toEqual(['v2'])
})

test('a file that is being written is left alone until it rests', async () => {
  const path = join(folder, 'file')
  await writeFile(path, '')
  let seen = new Map([[path, await fingerprintOf(path)]])
  let looks = 0
  const changesAt: number[] = []
  stop = watchFiles({
    intervalMs: 5,
    seen() {
      looks += 1
      if (looks <= 5) appendFileSync(path, 'x')
      return seen
    },
    async onChange() {
      changesAt.push(looks)
      seen = new Map([[path, await fingerprintOf(path)]])
    },
  })
  await expect.poll(() => looks).toBeGreaterThan(8)
  expect(changesAt).toEqual([6])
})
