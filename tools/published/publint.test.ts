import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { expect, test } from 'vitest'
import { listPackages } from './packages.ts'

const packages = listPackages()

test('there are packages to look at', () => {
  expect(packages.length).toBeGreaterThan(5)
})

test.each(packages)('publint has nothing to say about $name', async ({ folder }) => {
  const { messages, pkg } = await publint({ pkgDir: folder, strict: true, pack: false })
  expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([])
})
