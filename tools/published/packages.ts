import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A package that is published, as built. */
export interface PublishedPackage {
  /** Its folder's name below packages/. */
  readonly name: string
  /** Absolute path. */
  readonly folder: string
  /** Type declarations by the import they serve: `.` or `./subpath`. */
  readonly entries: ReadonlyMap<string, string>
}

const folder = join(import.meta.dirname, '../../packages')

/** The packages of packages/ that have a manifest. `tsc -b` must have built them. */
export function listPackages(): PublishedPackage[] {
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'package.json')))
    .map((name) => readPackage(name))
}

function readPackage(name: string): PublishedPackage {
  const manifest = JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8'))
  const conditions: [string, string | { types?: string }][] = Object.entries(manifest.exports)
  const entries = conditions.flatMap(([subpath, target]) =>
    typeof target === 'object' && target.types
      ? [[subpath, join(folder, name, target.types)] as const]
      : [],
  )
  return { name, folder: join(folder, name), entries: new Map(entries) }
}
