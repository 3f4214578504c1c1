import { expect, test } from 'vitest'
import { listFiles, readText } from './repository-files.ts'

interface LockedPackage {
  readonly version?: string
  readonly resolved?: string
  readonly link?: boolean
  readonly optional?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const packages: Readonly<Record<string, LockedPackage>> = JSON.parse(
  readText('package-lock.json'),
).packages

test('the lock file serves every platform, not only the one it was made on', () => {
  // npm leaves out an optional package that the registry did not have when the lock was made.
  // "npm ci" then refuses to install at all, unless the package that wants it is optional itself.
  const missing = Object.values(packages)
    .filter(({ optional }) => !optional)
    .flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies))
    .filter((name) => !Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`)))
  expect(missing).toEqual([])
})

test('the lock file names no registry', () => {
  const resolved = Object.values(packages).filter(({ resolved, link }) => resolved && !link)
  expect(resolved).toEqual([])
  expect(Object.keys(packages).length).toBeGreaterThan(100)
})

test('the lock file knows what each package.json asks for', () => {
  const manifests = listFiles().filter((path) => /(^|\/)package\.json$/.test(path))
  expect(manifests.length).toBeGreaterThan(5)
  for (const path of manifests) {
    const wanted = JSON.parse(readText(path))
    const locked = packages[path.replace(/\/?package\.json$/, '')]
    for (const kind of ['dependencies', 'devDependencies', 'peerDependencies'] as const) {
      const lockedKind = (locked as Record<string, unknown> | undefined)?.[kind]
      expect({ path, [kind]: lockedKind ?? {} }).toEqual({ path, [kind]: wanted[kind] ?? {} })
    }
  }
})
