import { expect, test } from 'vitest'
import { createHeaderRules } from './header-rules.ts'
import { requestTable, responseTable } from './header-table.ts'

test('a name is looked up once, and only so many names are remembered', () => {
  const { request } = createHeaderRules()
  const found = request('X-Some')
  expect(request('X-Some')).toBe(found)
  for (let i = 0; i < 512; i += 1) request(`x-${i}`)
  expect(request('X-Some')).not.toBe(found)
  expect(request('X-Some')).toEqual(found)
})

test.each([
  ['request', requestTable],
  ['response', responseTable],
])('no name is in two rows of the %s table, and its last row is for all others', (_, table) => {
  const names = table.flatMap((row) => row.names)
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
  expect(table.at(-1)).toMatchObject({ fate: 'kept', names: ['*'] })
  expect(table.filter(({ fate }) => fate === 'kept')).toHaveLength(1)
})
