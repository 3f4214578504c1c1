import { createSecret, randomToken } from '@sallyport/core'
import { expect, test } from 'vitest'
import { parseGatewayOptions } from '../options.ts'
import { findCredential } from './credentials.ts'

const secret = createSecret(randomToken())
const good = { listen: { port: 3001 }, credentials: [{ name: 'ops', secret }] }
const parse = (operator: unknown) =>
  parseGatewayOptions({ bff: {}, listen: { port: 3000 }, store: { lmdbFolder: 's' }, operator })

test('nobody is listened for unless it is said, and then on this machine alone', () => {
  expect(parse(undefined).operator).toBeUndefined()
  expect(parse(good).operator?.listen).toEqual({ host: '127.0.0.1', port: 3001 })
})

test.each([
  ['no credential', { ...good, credentials: [] }],
  ['a short secret', { ...good, credentials: [{ name: 'ops', secret: createSecret('a1b2c3') }] }],
  [
    'a secret of 31',
    { ...good, credentials: [{ name: 'ops', secret: createSecret(randomToken().slice(12)) }] },
  ],
  [
    'no random secret',
    { ...good, credentials: [{ name: 'ops', secret: createSecret('ab'.repeat(20)) }] },
  ],
  [
    'a phrase',
    {
      ...good,
      credentials: [{ name: 'ops', secret: createSecret('correct horse battery staple and more') }],
    },
  ],
  ['a bare word', { ...good, credentials: [{ name: 'ops', secret: 'secret' }] }],
  [
    'one name twice',
    {
      ...good,
      credentials: [...good.credentials, { name: 'ops', secret: createSecret(randomToken()) }],
    },
  ],
  ['one secret twice', { ...good, credentials: [...good.credentials, { name: 'too', secret }] }],
  ['a name that would not fit a log', { ...good, credentials: [{ name: 'a\nb', secret }] }],
  ['the port of the gateway', { ...good, listen: { port: 3000 } }],
  ['an unknown member', { ...good, cors: true }],
])('is refused with %s, without showing a secret', (_what, operator) => {
  expect(() => parse(operator)).toThrow('operator')
  expect(() => parse(operator)).not.toThrow(secret.reveal())
})

test('a credential is found by its whole secret, in one Bearer header', () => {
  const credentials = [{ name: 'other', secret: createSecret(randomToken()) }, ...good.credentials]
  const value = secret.reveal()
  expect(findCredential(credentials, [`Bearer ${value}`])).toBe('ops')
  expect(findCredential(credentials, [`bearer ${value}`])).toBe('ops')
  for (const wrong of [
    ...[[], [''], ['Bearer'], ['Bearer '], [value], [`Basic ${value}`], [`Bearer ${value} x`]],
    ...[[`Bearer ${value.slice(0, -1)}`], [`Bearer ${value}x`], [`Bearer ${value},${value}`]],
    [`Bearer ${value}`, `Bearer ${value}`],
  ]) {
    expect(findCredential(credentials, wrong)).toBeUndefined()
  }
})
