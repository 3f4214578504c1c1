import { createHash } from 'node:crypto'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { build } from 'vite'

/** The built page. */
export interface WebBuild {
  /** Absolute path of the folder to serve: `index.html`, and files with hashed names in `assets`. */
  folder: string
  /** False when the sources had not changed since the last build. */
  isNew: boolean
}

const demo = resolve(import.meta.dirname, '..')
const repository = resolve(demo, '../..')
const folder = join(import.meta.dirname, 'dist')
const keyName = '.sources'

/** What the page is made of: a change in any of these builds it again. */
const sources = [
  join(demo, 'web'),
  join(demo, 'vite.config.ts'),
  join(demo, 'src/start/accounts.ts'),
  join(repository, 'packages/client/src'),
  join(repository, 'packages/core/src/contract.ts'),
  join(repository, 'package-lock.json'),
]

/**
 * Builds the demo's page with Vite into `apps/demo/web/dist`, unless it is there already, made of
 * the very same sources.
 *
 * @throws what Vite throws when the page does not build
 */
export async function buildWeb(): Promise<WebBuild> {
  const key = await hashSources()
  const builtFrom = await readFile(join(folder, keyName), 'utf8').catch(() => undefined)
  if (builtFrom === key) return { folder, isNew: false }
  // Built aside and moved there whole: a build that was cut short is never taken for one, and
  // two at the same time do not get into each other's way.
  const aside = join(repository, '.sallyport', `web-${process.pid}`)
  await build({
    configFile: join(demo, 'vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: aside, emptyOutDir: true },
  })
  await writeFile(join(aside, keyName), key)
  await rm(folder, { recursive: true, force: true })
  await rename(aside, folder)
  return { folder, isNew: true }
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
  if (/\.\w+$/.test(path)) return [path]
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.startsWith(folder) && !file.endsWith('.test.ts'))
    .sort()
}
