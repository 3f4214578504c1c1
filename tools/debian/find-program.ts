import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const debianPostgres = '/usr/lib/postgresql'

/** The path of a program: on the PATH, or where Debian puts those of PostgreSQL. */
export function findProgram(name: string): string | undefined {
  const versions = existsSync(debianPostgres) ? readdirSync(debianPostgres) : []
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...versions.map((version) => join(debianPostgres, version, 'bin')),
  ]
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file))
}
