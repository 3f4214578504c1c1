import { expect, test } from 'vitest'
import { checkFile } from './check-files.ts'
import { listFiles, readText } from './repository-files.ts'

const sourcePattern = /\.(ts|tsx|mjs|css|html)$/

test('this repository keeps to the rules for files', () => {
  const sources = listFiles().filter((path) => sourcePattern.test(path))
  expect(sources.length).toBeGreaterThan(50)
  expect(sources.flatMap((path) => checkFile(path, readText(path)))).toEqual([])
})

test.each([
  ['packages/core/src/seal.ts', '\n'.repeat(401), /401 lines/],
  ['packages/core/src/utils.ts', '', /"utils" says nothing/],
  ['packages/core/src/utils.test.ts', '', /"utils" says nothing/],
  ['packages/core/common/seal.ts', '', /"common" says nothing/],
  ['packages/core/src/sealKey.ts', '', /kebab-case/],
  ['packages/core/src/Seal.tsx', '', /kebab-case/],
  ['packages/core/src/seal.ts', '// TO'.concat('DO later'), /has a TO/],
])('catches what is wrong with %s', (path, text, problem) => {
  const problems = checkFile(path, text)
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(problem)
})

test('lets a file of exactly 400 lines be', () => {
  expect(checkFile('packages/core/src/seal.ts', '\n'.repeat(400))).toEqual([])
})
