import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The root of the repository. */
const root = join(import.meta.dirname, '../..')

/** Every file of the repository that git knows or would add, by its path from the root. */
export function listFiles(): string[] {
  const flags = ['ls-files', '--cached', '--others', '--exclude-standard', '-z']
  const output = execFileSync('git', flags, { cwd: root, encoding: 'utf8' })
  return [...new Set(output.split('\0'))].filter((path) => path && existsSync(join(root, path)))
}

/** A file's text. */
export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}
