import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { promisify } from 'node:util'

/** The built page. */
export interface WebBuild {
  /** Absolute path of the folder to serve: `index.html`, and files with hashed names in `assets`. */
  folder: string
  /** False when the sources had not changed since they were built. */
  isNew: boolean
}

const demo = resolve(import.meta.dirname, '..')
const repository = resolve(demo, '../..')
const builds = join(import.meta.dirname, 'dist')

/** What the page is made of: a change in any of these builds it again. */
const sources = [
  join(demo, 'web'),
  join(demo, 'vite.config.ts'),
  join(demo, 'src/start/accounts.ts'),
  join(repository, 'packages/client/src'),
  join(repository, 'packages/core/src/contract.ts'),
  join(repository, 'package-lock.json'),
]

/** A build this old is no longer served by anybody. */
const keptMs = 7 * 24 * 3600 * 1000

/**
 * Builds the demo's page with Vite, unless it is there already, made of the very same sources.
 *
 * Each state of the sources has a folder of its own below `apps/demo/web/dist`, so a build never
 * pulls the files away from a demo that runs.
 *
 * @throws an error with what Vite says when the page does not build
 */
export async function buildWeb(): Promise<WebBuild> {
  const folder = join(builds, (await hashSources()).slice(0, 16))
  if (await exists(folder)) return { folder, isNew: false }
  // Built aside and moved there whole: a build that was cut short is never taken for one.
  const aside = `${folder}-${process.pid}`
  await runVite('build', '--outDir', aside, '--emptyOutDir', '--logLevel', 'warn')
  await rename(aside, folder).catch(async (error) => {
    // Another process was faster, with the same sources.
    if (!(await exists(folder))) throw error
    await rm(aside, { recursive: true })
  })
  await removeOldBuilds()
  return { folder, isNew: true }
}

/** In a process of its own: what builds for production must not depend on who asks, a test say. */
async function runVite(...words: string[]): Promise<void> {
  const vite = dirname(createRequire(import.meta.url).resolve('vite/package.json'))
  await promisify(execFile)(process.execPath, [join(vite, 'bin/vite.js'), ...words], {
    cwd: demo,
    env: { NODE_ENV: 'production' },
  })
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

async function removeOldBuilds(): Promise<void> {
  for (const name of await readdir(builds)) {
    const path = join(builds, name)
    const { mtimeMs } = await stat(path)
    if (Date.now() - mtimeMs > keptMs) await rm(path, { recursive: true })
  }
}

async function hashSources(): Promise<string> {
  const hash = createHash('sha256')
  for (const source of sources) {
    for (const file of await listFiles(source)) {
      const content = await readFile(file)
      hash.update(`${relative(repository, file)}\0${content.length}\0`).update(content)
    }
  }
  return hash.digest('hex')
}

/** The file itself, or the files below a folder in a fixed order, without what was built. */
async function listFiles(path: string): Promise<string[]> {
  if ((await stat(path)).isFile()) return [path]
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.startsWith(builds) && !file.endsWith('.test.ts'))
    .sort()
}
