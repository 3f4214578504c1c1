import { expect, test } from 'vitest'
import { checkImports } from './check-imports.ts'
import { listFiles, readText } from './repository-files.ts'

test('this repository keeps to the import table', () => {
  const modules = listFiles().filter((path) => /\.(ts|tsx|mjs)$/.test(path))
  const report = checkImports(new Map(modules.map((path) => [path, readText(path)])))
  expect(report.problems).toEqual([])
  expect(report.modules).toBeGreaterThan(50)
})

test.each([
  ['a layer above', 'packages/core/src/a.ts', "import '@sallyport/bff'", /core may import nothing/],
  ['a type', 'packages/bff/src/a.ts', "import type { A } from '@sallyport/guard'", /imports guard/],
  ['a re-export', 'packages/guard/src/a.ts', "export * from '@sallyport/identity'", /imports iden/],
  ['import()', 'packages/identity/src/a.ts', "await import('@sallyport/bff')", /imports bff/],
  ['import() types', 'packages/session/src/a.ts', "type A = import('@sallyport/bff').B", /imports/],
  ['a subpath', 'packages/bff/src/a.ts', "import '@sallyport/gateway/x'", /imports gateway\/x/],
  [
    'more than the contract',
    'packages/client/src/a.ts',
    "import '@sallyport/core'",
    /imports core/,
  ],
  ['the demo', 'packages/gateway/src/a.ts', "import '@sallyport/demo'", /imports demo/],
  ['a way around', 'packages/bff/src/a.ts', "import '../../core/src/seal.ts'", /relative path/],
  ['openid-client', 'packages/bff/src/login.ts', "import 'openid-client'", /only .*oidc/],
  ['its subpath', 'packages/bff/src/a.ts', "import 'openid-client/passport'", /only .*oidc/],
  ['a new package', 'packages/misc/src/a.ts', '', /packages\/misc is not in the import table/],
])('catches %s', (_, path, text, problem) => {
  const { problems } = checkImports(new Map([[path, text]]))
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(problem)
})

test.each([
  ['packages/client/src/a.ts', "import '@sallyport/core/contract'"],
  ['packages/bff/src/oidc.ts', "import 'openid-client'"],
  ['packages/identity/src/flow.test.ts', "import 'openid-client'"],
  ['packages/bff/src/endpoints/login.ts', "import '../oidc.ts'"],
  ['packages/session/src/testing/a.test.ts', "import '@sallyport/session'"],
  ['e2e/a.ts', "import '@sallyport/bff'; import '../apps/demo/src/start/demo.ts'"],
])('lets %s write %s', (path, text) => {
  expect(checkImports(new Map([[path, text]])).problems).toEqual([])
})

test('catches cycles, of any length and of types too', () => {
  const sources = new Map([
    ['packages/core/src/a.ts', "import { b } from './b.ts'"],
    ['packages/core/src/b.ts', "import type { C } from './deep/c.ts'"],
    ['packages/core/src/deep/c.ts', "export { a } from '../a.ts'"],
    ['packages/core/src/d.ts', "import './a.ts'; import './b.ts'"],
  ])
  expect(checkImports(sources).problems).toEqual([
    'cycle: packages/core/src/a.ts -> packages/core/src/b.ts -> packages/core/src/deep/c.ts -> packages/core/src/a.ts',
  ])
})

test('does not take what it cannot read for innocent', () => {
  expect(() => checkImports(new Map([['packages/core/src/a.ts', 'import {']]))).toThrow('parsed')
})
