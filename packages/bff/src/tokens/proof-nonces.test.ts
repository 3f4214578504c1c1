import { createSecret, randomToken } from '@sallyport/core'
import { expect, test } from 'vitest'
import { createProofNonces } from './proof-nonces.ts'

const [old, fresh] = ['k1', 'k2'].map((kid) => ({ kid, key: createSecret(randomToken()) }))
const frontend = 'https://app.example'
let now = 1_800_000_000

function create(keys: (typeof old)[], changes: object = {}) {
  const sealKeys = keys.filter((key) => key !== undefined)
  const config = { callerProofs: { nonce: 'required' as const }, sealKeys, frontend, ...changes }
  const nonces = createProofNonces(config, () => now)
  if (!nonces) throw new Error('they are asked for')
  return nonces
}

test('are the same in each process, and of one frontend alone', () => {
  const nonce = create([old]).current()
  expect(create([old]).accepts(nonce)).toBe(true)
  expect(create([old], { frontend: `${frontend}/shop` }).accepts(nonce)).toBe(false)
  expect(create([fresh]).accepts(nonce)).toBe(false)
})

test('of this and the last window are accepted, and then no longer', () => {
  const nonces = create([old])
  const nonce = nonces.current()
  now += 180
  expect(nonces.current()).not.toBe(nonce)
  expect(nonces.accepts(nonce)).toBe(true)
  now += 180
  expect(nonces.accepts(nonce)).toBe(false)
  expect(nonces.accepts(undefined)).toBe(false)
})

test('of an older key are accepted while it is in the ring', () => {
  const nonce = create([old]).current()
  const rotated = create([fresh, old])
  expect(rotated.accepts(nonce)).toBe(true)
  expect(rotated.current()).toBe(create([fresh]).current())
})

test('are none unless they are asked for', () => {
  const callerProofs = { nonce: 'none' as const }
  expect(createProofNonces({ callerProofs, sealKeys: [], frontend }, () => now)).toBeUndefined()
})
