import { expect, test } from 'vitest'
import { satisfies } from './node-version.ts'

const range = '^22.23.2 || ^24.18.1 || >=26.5.1'

test.each([
  ['22.23.2', true],
  ['22.100.0', true],
  ['24.18.1', true],
  ['26.5.1', true],
  ['27.0.0', true],
  ['18.20.8', false],
  ['20.20.2', false],
  ['22.23.1', false],
  ['23.11.0', false],
  ['24.18.0', false],
  ['25.9.9', false],
  ['26.5.0', false],
])('Node %s is new enough: %s', (version, expected) => {
  expect(satisfies(version, range)).toBe(expected)
})

test('a range of another form is a mistake', () => {
  expect(() => satisfies('24.18.1', '~24.18.1')).toThrow(TypeError)
})
