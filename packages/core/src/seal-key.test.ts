import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createSealer } from './seal.ts'
import type { SealKey } from './seal-key.ts'
import { createSecret } from './secret.ts'

const first = createKey('k1')

describe('A077: a ring is refused', () => {
  const strong = randomBytes(32).toString('base64url')
  const words = 'correcthorsebatterystapleandanotherhundredofwords'
  const base64url = (bytes: string | Buffer) => Buffer.from(bytes as string).toString('base64url')
  test.each<[string, SealKey[]]>([
    ['without keys', []],
    ['with an empty key', [toKey('k1', '')]],
    ['with a word', [toKey('k1', 'secret')]],
    ['with 31 bytes', [toKey('k1', randomBytes(31).toString('base64url'))]],
    ['with one byte repeated', [toKey('k1', Buffer.alloc(64, 7).toString('base64url'))]],
    ['with a word repeated', [toKey('k1', 'password'.repeat(8))]],
    ['with a passphrase', [toKey('k1', 'correct horse battery staple, correct horse battery!')]],
    ['with a passphrase in characters of base64', [toKey('k1', words)]],
    ['with the same in capitals', [toKey('k1', words.toUpperCase())]],
    ['with one that is written twice', [toKey('k1', 'CorrectHorseBatteryStaple'.repeat(2))]],
    ['with a passphrase, encoded', [toKey('k1', base64url(`${words}, 0123456789 !`))]],
    ['with bytes that count up', [toKey('k1', base64url(Buffer.from([...Array(32).keys()])))]],
    ['with a few bytes in turn', [toKey('k1', base64url(Buffer.alloc(64, '\x00\xff\x7f\x01')))]],
    ['with too few digits of base 16', [toKey('k1', randomBytes(24).toString('hex'))]],
    ['with zeros of base 16', [toKey('k1', '0'.repeat(64))]],
    ['with a key of characters that base64 has not', [toKey('k1', `${strong}é`)]],
    ['with an empty kid', [toKey('', strong)]],
    ['with a dot in a kid', [toKey('k.1', strong)]],
    ['with a kid that no cookie takes', [toKey('k;1', strong)]],
    ['with a line end after a kid', [toKey('k1\n', strong)]],
    ['with a kid of 33 characters', [toKey('k'.repeat(33), strong)]],
    ['with a kid twice', [first, createKey('k1')]],
    ['with a key twice', [toKey('k1', strong), toKey('k2', strong)]],
    ['with a weak old key', [first, toKey('k0', 'secret')]],
  ])('%s', (_, keys) => {
    expect(() => createSealer(keys, 'session')).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }),
    )
  })

  test('without telling the key', () => {
    const text = 'c2hvcnQta2V5'
    expect(() => createSealer([toKey('k1', text)], 'session')).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining(text) }),
    )
  })

  test.each([
    ['the base64 that openssl writes', 'base64'],
    ['64 digits of base 16', 'hex'],
    ['base64url', 'base64url'],
  ] as const)('but not for %s, of any random bytes', (_, encoding) => {
    for (let i = 0; i < 2000; i++) {
      const ring = [toKey('k1', randomBytes(32 + (i % 33)).toString(encoding))]
      expect(() => createSealer(ring, 'session')).not.toThrow()
    }
  })
})

function createKey(kid: string): SealKey {
  return toKey(kid, randomBytes(32).toString('base64url'))
}

function toKey(kid: string, text: string): SealKey {
  return { kid, key: createSecret(text) }
}
