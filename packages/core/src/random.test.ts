import { expect, test } from 'vitest'
import { randomToken, sha256 } from './random.ts'

test('randomToken gives 256 bits, base64url, never twice', () => {
  const tokens = Array.from({ length: 10_000 }, randomToken)
  expect(new Set(tokens).size).toBe(tokens.length)
  for (const token of tokens) expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/)
  const bits = Array.from({ length: 256 }, () => 0)
  for (const token of tokens) {
    const bytes = Buffer.from(token, 'base64url')
    bits.forEach((count, bit) => {
      bits[bit] = count + (((bytes[bit >> 3] as number) >> (bit & 7)) & 1)
    })
  }
  for (const count of bits) expect(Math.abs(count - 5000)).toBeLessThan(400)
})

test('sha256 is the digest of FIPS 180-4, base64url', () => {
  expect(Buffer.from(sha256('abc'), 'base64url').toString('hex')).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  )
  expect(sha256('ü')).toBe(sha256('\u00fc'))
  expect(sha256('')).not.toBe(sha256(' '))
})
