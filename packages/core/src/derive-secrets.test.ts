import { expect, test } from 'vitest'
import { deriveSecrets } from './derive-secrets.ts'
import { randomToken } from './random.ts'
import { createSecret } from './secret.ts'

const [one, two] = ['k1', 'k2'].map((kid) => ({ kid, key: createSecret(randomToken()) }))
const ring = (keys: (typeof one)[]) => keys.filter((key) => key !== undefined)
const reveal = (keys: (typeof one)[], purpose = 'nonces') =>
  deriveSecrets(ring(keys), purpose).map((secret) => secret.reveal())

test('are the same in each process, and in the order of the ring', () => {
  expect(reveal([one, two])).toEqual(reveal([one, two]))
  expect(reveal([two, one])).toEqual(reveal([one, two]).reverse())
  expect(reveal([one])).toEqual(reveal([one, two]).slice(0, 1))
})

test('are 32 bytes, others for another key and another purpose, and never the key', () => {
  const all = [...reveal([one, two]), ...reveal([one, two], 'other')]
  expect(new Set(all).size).toBe(4)
  for (const secret of all) {
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32)
    expect(ring([one, two]).map(({ key }) => key.reveal())).not.toContain(secret)
  }
})
