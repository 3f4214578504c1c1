import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createSealer } from './seal.ts'
import { createSealKeyUnwrapper, type WrappedSealKey } from './unwrap-seal-keys.ts'

afterEach(() => vi.useRealTimers())

/** A key management service: its own key never leaves it. */
function createService() {
  const own = randomBytes(32)
  const asked: string[] = []
  return {
    asked,
    isDown: false,

    wrap(kid: string, key: Buffer = randomBytes(32)): WrappedSealKey {
      const nonce = randomBytes(12)
      const encryption = createCipheriv('aes-256-gcm', own, nonce).setAAD(Buffer.from(kid))
      const body = [nonce, encryption.update(key), encryption.final(), encryption.getAuthTag()]
      return { kid, wrapped: Buffer.concat(body).toString('base64') }
    },

    async unwrap(kid: string, wrapped: string): Promise<Uint8Array> {
      asked.push(kid)
      if (this.isDown) throw new Error('the service is down')
      const body = Buffer.from(wrapped, 'base64')
      const decryption = createDecipheriv('aes-256-gcm', own, body.subarray(0, 12))
      decryption.setAAD(Buffer.from(kid)).setAuthTag(body.subarray(-16))
      return Buffer.concat([decryption.update(body.subarray(12, -16)), decryption.final()])
    },
  }
}

function createRing() {
  const service = createService()
  const unwrapSealKeys = createSealKeyUnwrapper({
    unwrap: (...given) => service.unwrap(given[0], given[1]),
  })
  return { service, unwrapSealKeys }
}

const unavailable = expect.objectContaining({ code: 'ERR_SEAL_KEY_UNAVAILABLE' })

describe('a wrapped ring', () => {
  test('seals and opens as the same keys do unwrapped', async () => {
    const { service, unwrapSealKeys } = createRing()
    const [k1, k2] = [service.wrap('k1'), service.wrap('k2')]
    const before = createSealer(await unwrapSealKeys([k1]), 'session').seal('x', '')
    const rotated = createSealer(await unwrapSealKeys([k2, k1]), 'session')
    expect(rotated.open(before, '')).toBe('x')
    expect(rotated.seal('x', '')).toMatch(/^k2\./)
  })

  test('is asked for once: a reload needs the service for new keys only', async () => {
    const { service, unwrapSealKeys } = createRing()
    const [k1, k2, k3] = [service.wrap('k1'), service.wrap('k2'), service.wrap('k3')]
    await unwrapSealKeys([k1])
    await unwrapSealKeys([k2, k1])
    expect(service.asked).toEqual(['k1', 'k2'])
    service.isDown = true
    await unwrapSealKeys([k2])
    await expect(unwrapSealKeys([k3, k2])).rejects.toEqual(unavailable)
    expect((await unwrapSealKeys([k2])).map(({ kid }) => kid)).toEqual(['k2'])
    // It left the ring, and memory with it.
    await expect(unwrapSealKeys([k2, k1])).rejects.toEqual(unavailable)
  })

  test('is asked for anew when another key comes under the same kid', async () => {
    const { service, unwrapSealKeys } = createRing()
    const sealed = createSealer(await unwrapSealKeys([service.wrap('k1')]), '').seal('x', '')
    const other = createSealer(await unwrapSealKeys([service.wrap('k1')]), '')
    expect(other.open(sealed, '')).toBeUndefined()
  })
})

describe('nothing is given', () => {
  test('when one key of several cannot be had, and a later attempt succeeds', async () => {
    const { service, unwrapSealKeys } = createRing()
    const good = service.wrap('k1')
    await expect(unwrapSealKeys([good, { ...good, kid: 'k2' }])).rejects.toEqual(unavailable)
    expect(await unwrapSealKeys([good])).toHaveLength(1)
  })

  test('when the service takes too long; it is told', async () => {
    vi.useFakeTimers()
    let told: AbortSignal | undefined
    const unwrapSealKeys = createSealKeyUnwrapper({
      unwrap: (_kid, _wrapped, signal) => {
        told = signal
        return new Promise(() => {})
      },
      timeout: 3,
    })
    const outcome = unwrapSealKeys([{ kid: 'k1', wrapped: 'x' }]).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(2999)
    expect(told?.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(await outcome).toEqual(unavailable)
    expect(await outcome).toMatchObject({ cause: { message: 'no answer within 3 s' } })
    expect(told?.aborted).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  test.each([
    ['a string', randomBytes(32).toString('base64url')],
    ['nothing', undefined],
    ['an object', { key: randomBytes(32) }],
  ])('when the service gives %s', async (_, answer) => {
    const unwrapSealKeys = createSealKeyUnwrapper({ unwrap: async () => answer as never })
    await expect(unwrapSealKeys([{ kid: 'k1', wrapped: 'x' }])).rejects.toEqual(unavailable)
  })

  test.each([
    ['31 bytes', randomBytes(31)],
    ['zeros', Buffer.alloc(32)],
    ['a passphrase', Buffer.from('correct horse battery staple, and more')],
  ])('A077: when the service gives %s', async (_, bytes) => {
    const { service, unwrapSealKeys } = createRing()
    await expect(unwrapSealKeys([service.wrap('k1', bytes)])).rejects.toMatchObject({
      code: 'ERR_CONFIG_INVALID',
    })
  })

  test('when there is no key', async () => {
    await expect(createRing().unwrapSealKeys([])).rejects.toMatchObject({
      code: 'ERR_CONFIG_INVALID',
    })
  })
})

test('no key shows: not when printed, in no error', async () => {
  const { service, unwrapSealKeys } = createRing()
  const bytes = randomBytes(32)
  const key = bytes.toString('base64url')
  const ring = await unwrapSealKeys([service.wrap('k1', bytes)])
  expect(`${inspect(ring)}${JSON.stringify(ring)}${ring[0]?.key}`).not.toContain(key)
  expect(ring[0]?.key.reveal()).toBe(key)
  const weak = unwrapSealKeys([service.wrap('k1', bytes), service.wrap('k2', bytes)])
  const error = await weak.catch((cause: unknown) => cause)
  expect(inspect(error, { depth: 9 })).toContain('repeats a key')
  expect(inspect(error, { depth: 9 })).not.toContain(key)
})
