import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { randomToken, sha256 } from './random.ts'
import { createSealer } from './seal.ts'
import type { SealKey } from './seal-key.ts'
import { createSecret } from './secret.ts'

const first = createKey('k1')
const second = createKey('k2')
const sealer = createSealer([first], 'session')
const wellFormed = fc.string({ unit: 'binary' })

describe('seal and open', () => {
  test('give back any text in its context', () => {
    fc.assert(
      fc.property(wellFormed, fc.string(), (plaintext, context) => {
        expect(sealer.open(sealer.seal(plaintext, context), context)).toBe(plaintext)
      }),
    )
  })

  test('give a cookie-safe value that begins with the kid and shows nothing of the text', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4 }), (plaintext) => {
        const sealed = sealer.seal(plaintext, '')
        expect(sealed).toMatch(/^k1\.[A-Za-z0-9_-]+$/)
        const body = Buffer.from(sealed.slice(3), 'base64url')
        expect(body.includes(plaintext)).toBe(false)
      }),
    )
  })

  test('A080: use a new nonce each time, over 100,000 times', () => {
    const nonces = new Set<string>()
    for (let count = 0; count < 1e5; count++) nonces.add(sealer.seal('', '').slice(3, 19))
    expect(nonces.size).toBe(1e5)
  }, 60_000)
})

describe('open gives undefined', () => {
  const sealed = sealer.seal('{"sub":"alice"}', 'session-1')

  test('when any one bit of it is flipped', () => {
    const body = Buffer.from(sealed.slice(3), 'base64url')
    for (let bit = 0; bit < body.length * 8; bit++) {
      const changed = Buffer.from(body)
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      expect(sealer.open(`k1.${changed.toString('base64url')}`, 'session-1')).toBeUndefined()
    }
  })

  test('when any one character of it is another', () => {
    for (let index = 0; index < sealed.length; index++) {
      for (const other of ['A', 'B', '_', '.', '=', ' ', '\0', 'é']) {
        if (sealed[index] === other) continue
        const changed = sealed.slice(0, index) + other + sealed.slice(index + 1)
        expect(sealer.open(changed, 'session-1')).toBeUndefined()
      }
    }
  })

  test('when it is cut short at either end, or longer', () => {
    for (let length = 0; length < sealed.length; length++) {
      expect(sealer.open(sealed.slice(0, length), 'session-1')).toBeUndefined()
      expect(sealer.open(sealed.slice(-length - 1, -1), 'session-1')).toBeUndefined()
    }
    for (const more of ['A', 'AA', 'AAAA', '=', '.', '\n', ' ']) {
      expect(sealer.open(sealed + more, 'session-1')).toBeUndefined()
      expect(sealer.open(more + sealed, 'session-1')).toBeUndefined()
    }
  })

  test('when its base64url is not the canonical spelling of the same bytes', () => {
    const odd = sealer.seal('x', '')
    const [kid, body] = odd.split('.') as [string, string]
    expect(sealer.open(odd, '')).toBe('x')
    const spellings = [
      body.replaceAll('-', '+').replaceAll('_', '/'),
      `${body}=`,
      `${body}==`,
      ` ${body}`,
      `${body}\n`,
      `${body.slice(0, 5)}!${body.slice(5)}`,
    ]
    for (const spelling of spellings.filter((text) => text !== body)) {
      expect(sealer.open(`${kid}.${spelling}`, '')).toBeUndefined()
    }
    // 29 bytes leave four unused bits in the last character: all but one spelling are refused.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const same = [...alphabet].filter((last) => {
      const bytes = Buffer.from(body.slice(0, -1) + last, 'base64url')
      return bytes.equals(Buffer.from(body, 'base64url'))
    })
    expect(same.length).toBeGreaterThan(1)
    const opened = same.filter((last) => sealer.open(`${kid}.${body.slice(0, -1)}${last}`, ''))
    expect(opened).toEqual([body.slice(-1)])
  })

  test('in another context', () => {
    for (const context of ['', 'session-2', 'session-1 ', 'SESSION-1', 'session-1\0']) {
      expect(sealer.open(sealed, context)).toBeUndefined()
    }
  })

  test('A078: for another purpose with the same key', () => {
    for (const purpose of ['', 'transaction', 'Session', 'session:session-1']) {
      expect(createSealer([first], purpose).open(sealed, 'session-1')).toBeUndefined()
    }
    const split = createSealer([first], 'a').seal('x', 'bc')
    expect(createSealer([first], 'ab').open(split, 'c')).toBeUndefined()
  })

  test('under another kid, also when that key is in the ring', () => {
    const both = createSealer([first, second], 'session')
    const body = sealed.slice(3)
    expect(both.open(sealed, 'session-1')).toBe('{"sub":"alice"}')
    for (const kid of ['k2', 'k3', 'K1', '', '__proto__', 'constructor', ' k1']) {
      expect(both.open(`${kid}.${body}`, 'session-1')).toBeUndefined()
    }
  })

  test('for whatever else there may be', () => {
    const anything = fc.oneof(
      wellFormed,
      wellFormed.map((text) => `k1.${text}`),
    )
    fc.assert(
      fc.property(anything, (text) => {
        expect(sealer.open(text, '')).toBeUndefined()
      }),
    )
    const random = randomBytes(100_000).toString('base64url')
    for (const text of ['', '.', 'k1', 'k1.', 'k1..', `k1.${random}`]) {
      expect(sealer.open(text, '')).toBeUndefined()
    }
  })
})

describe('a split seal', () => {
  const [secret, other] = [randomToken(), randomToken()]
  const sealed = sealer.seal('{"sub":"alice"}', 'session-1', secret)

  test('opens with both halves, in its context', () => {
    expect(sealed).toMatch(/^k1~[A-Za-z0-9_-]+$/)
    expect(sealer.open(sealed, 'session-1', secret)).toBe('{"sub":"alice"}')
    expect(sealer.open(sealed, 'session-2', secret)).toBeUndefined()
  })

  test('opens with neither half alone, nor with what a store knows of the secret', () => {
    expect(sealer.open(sealed, 'session-1')).toBeUndefined()
    for (const half of ['', other, sha256(secret), 'session-1', secret.slice(0, -1)]) {
      expect(sealer.open(sealed, 'session-1', half)).toBeUndefined()
    }
    expect(createSealer([second], 'session').open(sealed, 'session-1', secret)).toBeUndefined()
    expect(createSealer([first], 'other').open(sealed, 'session-1', secret)).toBeUndefined()
  })

  test('cannot pass for one that is not split, nor the reverse', () => {
    expect(sealer.open(sealed.replace('~', '.'), 'session-1', secret)).toBeUndefined()
    expect(sealer.open(sealed.replace('~', '.'), 'session-1')).toBeUndefined()
    const whole = sealer.seal('x', '')
    expect(sealer.open(whole.replace('.', '~'), '', secret)).toBeUndefined()
    expect(sealer.open(whole, '', secret)).toBe('x')
  })

  test('rotates like any other', () => {
    const rotated = createSealer([second, first], 'session')
    expect(rotated.open(sealed, 'session-1', secret)).toBe('{"sub":"alice"}')
    expect(createSealer([second], 'session').missingKid(sealed)).toBe('k1')
  })
})

describe('A076: rotation', () => {
  const old = createSealer([first], 'session').seal('old', '')
  const rotated = createSealer([second, first], 'session')

  test('seals with the first key and opens with all', () => {
    expect(rotated.seal('new', '')).toMatch(/^k2\./)
    expect(rotated.open(old, '')).toBe('old')
    expect(rotated.open(rotated.seal('new', ''), '')).toBe('new')
  })

  test('opens nothing of a key that was taken out', () => {
    expect(createSealer([second], 'session').open(old, '')).toBeUndefined()
  })

  test('tells the kid of a key that was taken out, and of nothing else', () => {
    const without = createSealer([second], 'session')
    expect(without.missingKid(old)).toBe('k1')
    expect(rotated.missingKid(old)).toBeUndefined()
    for (const text of ['', '.x', 'k1', 'k 1.x', `${'k'.repeat(33)}.x`, 'k\n.x']) {
      expect(without.missingKid(text)).toBeUndefined()
    }
  })

  test('opens nothing of a key that was exchanged under the same kid', () => {
    expect(createSealer([createKey('k1')], 'session').open(old, '')).toBeUndefined()
  })
})

function createKey(kid: string): SealKey {
  return toKey(kid, randomBytes(32).toString('base64url'))
}

function toKey(kid: string, text: string): SealKey {
  return { kid, key: createSecret(text) }
}
