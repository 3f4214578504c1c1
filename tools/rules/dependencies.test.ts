import { expect, test } from 'vitest'
import { listFiles, readText } from './repository-files.ts'

const kinds = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies']

test('docs/dependencies.md lists each direct dependency, and no other', () => {
  const listed = [...readText('docs/dependencies.md').matchAll(/^\| `([^`]+)` \|/gm)]
  expect(listed.map(([, name]) => name).sort()).toEqual([...directDependencies()].sort())
})

test('each is listed with a purpose and a licence', () => {
  const rows = readText('docs/dependencies.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  for (const row of rows) {
    const cells = row.split('|').slice(1, -1)
    expect(cells.map((cell) => cell.trim().length > 2)).toEqual([true, true, true, true])
  }
})

function directDependencies(): Set<string> {
  const manifests = listFiles().filter((path) => /(^|\/)package\.json$/.test(path))
  const names = manifests.flatMap((path) => {
    const manifest = JSON.parse(readText(path))
    return kinds.flatMap((kind) => Object.keys(manifest[kind] ?? {}))
  })
  return new Set(names.filter((name) => !name.startsWith('@sallyport/')))
}
