import { type ErrorCode, SallyportError } from '@sallyport/core'
import { beforeEach, describe, expect, test } from 'vitest'
import { createBreaker } from './breaker.ts'

let now: number
let calls: number
beforeEach(() => {
  now = 1000
  calls = 0
})

const create = () => createBreaker({ elapsedMs: () => now * 1000, random: () => 1, trialTime: 5 })

function fail(code: ErrorCode = 'ERR_IDP_UNAVAILABLE') {
  return async () => {
    calls += 1
    throw new SallyportError(code, 'no')
  }
}

const succeed = async () => {
  calls += 1
  return 'fine'
}

/** Calls again and again, and gives how many of them went through to the endpoint. */
async function asked(breaker: ReturnType<typeof create>, times: number, work = fail()) {
  const before = calls
  for (let i = 0; i < times; i += 1) await breaker.run(work).catch(() => {})
  return calls - before
}

describe('a breaker', () => {
  test('lets everything through while the endpoint answers', async () => {
    const breaker = create()
    for (let i = 0; i < 20; i += 1) expect(await breaker.run(succeed)).toBe('fine')
  })

  test('asks in vain three times, then once a second, and then less and less, up to thirty', async () => {
    const breaker = create()
    expect(await asked(breaker, 10)).toBe(3)
    for (const pause of [1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 8, 16, 30, 30]) {
      now += pause - 1
      expect(await asked(breaker, 5), `before ${pause} s`).toBe(0)
      now += 1
      expect(await asked(breaker, 5), `after ${pause} s`).toBe(1)
    }
  })

  test('fails at once with the code of what is down, so that nobody is signed out', async () => {
    const breaker = create()
    await asked(breaker, 3)
    await expect(breaker.run(succeed)).rejects.toMatchObject({ code: 'ERR_IDP_UNAVAILABLE' })
  })

  test('lets a single call try after a pause, and all once it succeeded', async () => {
    const breaker = create()
    await asked(breaker, 3)
    now += 1
    const slow = Promise.withResolvers<string>()
    const trial = breaker.run(() => slow.promise)
    expect(await asked(breaker, 5)).toBe(0)
    slow.resolve('back')
    expect(await trial).toBe('back')
    expect(await asked(breaker, 2, succeed as never)).toBe(2)
  })

  test('lets another one try when a trial does not come back', async () => {
    const breaker = create()
    await asked(breaker, 3)
    now += 1
    void breaker.run(() => new Promise(() => {}))
    now += 5
    expect(await asked(breaker, 1)).toBe(1)
  })

  test.each<ErrorCode>(['ERR_LOGIN_REQUIRED', 'ERR_IDP_CLIENT_REJECTED', 'ERR_TOKEN_UNAVAILABLE'])(
    'takes %s for an answer: the endpoint is there',
    async (code) => {
      const breaker = create()
      await asked(breaker, 2)
      await asked(breaker, 1, fail(code))
      expect(await asked(breaker, 3)).toBe(3)
    },
  )
})
