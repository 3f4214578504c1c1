import { expect, test } from 'vitest'
import { createDpopProof } from './create-dpop-proof.ts'
import { exportDpopKey, generateDpopKey, importDpopKey } from './dpop-key.ts'
import { verifyDpopProof } from './verify-dpop-proof.ts'

test('a key is the same after it was exported and imported', () => {
  const key = generateDpopKey()
  const again = importDpopKey(exportDpopKey(key))
  const request = { htm: 'POST', htu: 'https://api.example/orders' }

  expect(again.jkt).toBe(key.jkt)
  expect(verifyDpopProof(createDpopProof({ key: again, ...request }), request).jkt).toBe(key.jkt)
})

test('no two keys are the same, and none prints', () => {
  const [one, other] = [generateDpopKey(), generateDpopKey()]

  expect(one.jkt).not.toBe(other.jkt)
  const { d } = JSON.parse(exportDpopKey(one).reveal())
  expect(JSON.stringify([one, exportDpopKey(one)])).not.toContain(d)
})

test.each(['', '{}', '{"kty":"EC"}', 'null', '{"kty":"oct","k":"AAAA"}'])(
  'a key of another kind cannot be imported: %s',
  (text) => {
    const secret = { reveal: () => text }
    expect(() => importDpopKey(secret)).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }),
    )
  },
)
