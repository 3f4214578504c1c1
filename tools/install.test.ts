import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isInstalled, satisfies } from './install.mjs'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-install-'))
  mkdirSync(join(folder, 'node_modules'))
})

afterEach(() => rmSync(folder, { recursive: true }))

describe('what is installed', () => {
  const locked = {
    '': { version: '0.0.0' },
    'packages/core': { version: '0.0.0' },
    'node_modules/jose': { version: '6.2.18' },
    'node_modules/biome-darwin': { version: '2.5.15', optional: true },
  }

  test.each([
    ['fits when only what is for other machines is missing', { jose: '6.2.18' }, true],
    ['does not fit when a package is missing', {}, false],
    ['does not fit in another version', { jose: '6.2.17' }, false],
    [
      'does not fit when an optional package has another version',
      { jose: '6.2.18', 'biome-darwin': '2.5.0' },
      false,
    ],
    ['may hold more', { jose: '6.2.18', extra: '1.0.0' }, true],
  ])('%s', (_, present: Record<string, string>, fits) => {
    write('package-lock.json', locked)
    const packages = Object.entries(present).map(([name, version]) => [
      `node_modules/${name}`,
      { version },
    ])
    write('node_modules/.package-lock.json', Object.fromEntries(packages))
    expect(isInstalled(folder)).toBe(fits)
  })

  test('is nothing in a fresh clone', () => {
    write('package-lock.json', locked)
    expect(isInstalled(folder)).toBe(false)
  })
})

describe('the range of Node versions', () => {
  const range = '^22.23.2 || ^24.18.1 || >=26.5.1'

  test.each([
    ['22.23.1', false],
    ['22.23.2', true],
    ['22.30.0', true],
    ['23.99.9', false],
    ['24.18.0', false],
    ['24.18.1', true],
    ['24.21.0', true],
    ['26.5.0', false],
    ['26.5.1', true],
    ['30.0.0', true],
  ])('%s: %s', (version, fits) => {
    expect(satisfies(version, range)).toBe(fits)
  })

  test('is not guessed at in another form', () => {
    expect(() => satisfies('24.0.0', '~24.0.0')).toThrow(TypeError)
  })
})

function write(file: string, packages: object): void {
  writeFileSync(join(folder, file), JSON.stringify({ packages }))
}
