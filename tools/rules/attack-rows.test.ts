import { matchesGlob } from 'node:path'
import { describe, expect, test } from 'vitest'
import config from '../../vitest.config.ts'
import { checkAttackRows, rowsAtStores } from './attack-rows.ts'
import { listFiles, readText } from './repository-files.ts'

/** What each project that runs flows at a store's server includes. */
const atStores = (config.test?.projects ?? []).flatMap((project) => {
  const { name, include } = (project as { test: { name: string; include: string[] } }).test
  return name.startsWith('flows-at-') ? [{ name, include }] : []
})

test('flows run at Redis and PostgreSQL, in both modes', () => {
  expect(atStores.map(({ name }) => name).sort()).toEqual([
    'flows-at-postgres-sealed',
    'flows-at-postgres-stored',
    'flows-at-redis-sealed',
    'flows-at-redis-stored',
  ])
})

test('each attack on sessions is named by a test, and by one at every store if flows name it', () => {
  const files = listFiles()
    .filter((path) => path.endsWith('.test.ts') && !path.startsWith('tools/'))
    .map((path) => ({ path, text: readText(path) }))
  expect(files.length).toBeGreaterThan(100)
  const isAtStores = (path: string) =>
    atStores.every(({ include }) => include.some((pattern) => matchesGlob(path, pattern)))
  expect(checkAttackRows(rowsAtStores, files, isAtStores)).toEqual([])
})

describe('a row', () => {
  const check = (text: string, path = 'e2e/flows/one.test.ts') =>
    checkAttackRows(['A221'], [{ path, text }], (one) => one.includes('stores'))

  test.each([
    ["test('A221: x'", 'e2e/flows/stores.test.ts'],
    ["test('A004, A220-A222: x'", 'e2e/flows/stores.test.ts'],
    ["['A221 a case', 1]", 'e2e/flows/stores.test.ts'],
    ["test('A221: x'", 'packages/bff/src/one.test.ts'],
  ])('is covered by %s in %s', (text, path) => {
    expect(check(text, path)).toEqual([])
  })

  test.each([
    ["test('A222: x'", /named by no test/],
    ["// test('A221: x'", /named by no test/],
    [' * A221', /named by no test/],
    ["test('A2210: x'", /named by no test/],
    ["test('A221: x'", /runs at no store.*one\.test\.ts/],
  ])('is not covered by %s', (text, problem) => {
    expect(check(text)).toEqual([expect.stringMatching(problem)])
  })

  test('that one flow covers at the stores may be in others too', () => {
    const text = "test('A221: x'"
    const files = ['one', 'stores'].map((name) => ({ path: `e2e/flows/${name}.test.ts`, text }))
    expect(checkAttackRows(['A221'], files, (path) => path.includes('stores'))).toEqual([])
  })
})
