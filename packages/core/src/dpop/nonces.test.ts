import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSecret } from '../secret.ts'
import { createDpopNonces } from './nonces.ts'

const secret = createSecret(randomBytes(32).toString('base64url'))
const at = (now: number, of = secret) => createDpopNonces(of, { clock: () => now })

test('a nonce is accepted for three minutes at least and six at most, by any instance', () => {
  fc.assert(
    fc.property(fc.nat({ max: 4_000_000_000 }), fc.nat({ max: 1000 }), (now, later) => {
      const nonce = at(now).current()
      const accepted = at(now + later).accepts(nonce)
      if (later <= 180) expect(accepted).toBe(true)
      if (later >= 360) expect(accepted).toBe(false)
    }),
  )
})

test('nonces of the future, of another secret and anything else are not accepted', () => {
  const nonces = at(1_800_000_000)
  const other = createSecret(randomBytes(32).toString('base64url'))

  expect(nonces.accepts(at(1_800_000_180).current())).toBe(false)
  expect(nonces.accepts(at(1_800_000_000, other).current())).toBe(false)
  expect(nonces.accepts(undefined)).toBe(false)
  fc.assert(fc.property(fc.string(), (text) => !nonces.accepts(text)))
})

test.each([
  '',
  'passphrase',
  randomBytes(31).toString('base64url'),
  '-'.repeat(43),
  `${'a b'.repeat(20)}`,
])('%j is no secret', (text) => {
  expect(() => createDpopNonces(createSecret(text))).toThrow(
    expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }),
  )
})
