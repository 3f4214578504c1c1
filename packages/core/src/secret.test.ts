import { format, inspect } from 'node:util'
import { expect, test } from 'vitest'
import { createSecret } from './secret.ts'

const value = 'c2VjcmV0LXZhbHVl'
const secret = createSecret(value)

test('reveals its value when asked', () => {
  expect(secret.reveal()).toBe(value)
})

test.each<[string, () => string]>([
  ['a template', () => `${secret}`],
  ['a concatenation', () => `a${secret as unknown as string}`],
  ['String()', () => String(secret)],
  ['toLocaleString()', () => secret.toLocaleString()],
  ['JSON', () => JSON.stringify({ secret, list: [secret] })],
  ['inspect', () => inspect(secret)],
  ['inspect of an object around it', () => inspect({ deep: { deeper: [secret] } }, { depth: 9 })],
  ['inspect with everything shown', () => inspect(secret, { showHidden: true, getters: true })],
  ['inspect without custom functions', () => inspect(secret, { customInspect: false })],
  [
    'console formats',
    () => format('%s %o %O %j %d %i', secret, secret, secret, secret, secret, secret),
  ],
  ['the cause of an error', () => inspect(new Error('failed', { cause: secret }))],
  [
    'the cause of a cause',
    () => inspect(new Error('a', { cause: new Error('b', { cause: { secret } }) })),
  ],
  ['an aggregate error', () => inspect(new AggregateError([secret], 'many'))],
  ['a copy', () => inspect({ ...secret }) + JSON.stringify({ ...secret })],
  ['its own keys', () => JSON.stringify(Object.entries(secret))],
  ['a regular expression message', () => String(new TypeError(`bad ${secret}`))],
])('is not told by %s', (_, print) => {
  const printed = print()
  expect(printed).not.toContain(value)
  expect(printed.length).toBeGreaterThan(0)
})

test('shows that there is a secret', () => {
  expect(`${secret}`).toBe('[secret]')
  expect(JSON.stringify({ secret })).toBe('{"secret":"[secret]"}')
  expect(inspect({ secret })).toBe('{ secret: [secret] }')
})

test('cannot be exchanged or opened up', () => {
  expect(Object.isFrozen(secret)).toBe(true)
  expect(() => Object.assign(secret, { toString: () => value })).toThrow(TypeError)
  expect(() => structuredClone(secret)).toThrow()
})
