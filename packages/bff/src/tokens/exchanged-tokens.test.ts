import { SallyportError } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import type { ExchangeRequest } from '../oidc/token-endpoint.ts'
import { createExchangedTokens } from './exchanged-tokens.ts'

const request = { resource: 'https://api.example' }

/** A keeper, and an issuer that counts and gives tokens of 300 seconds. */
function create(senderConstraint: 'none' | 'dpop' = 'none') {
  const asked: ExchangeRequest[] = []
  const state = { now: 1000, failure: undefined as Error | undefined, expiresIn: 300 }
  const exchange = async (wanted: ExchangeRequest) => {
    asked.push(wanted)
    if (state.failure) throw state.failure
    const accessToken = `exchanged-${asked.length}`
    return { accessToken, tokenType: 'Bearer' as const, expiresIn: state.expiresIn }
  }
  const keeper = createExchangedTokens({
    ...{ config: { senderConstraint }, oidc: { exchange }, clock: () => state.now },
  })
  return { ...keeper, asked, state }
}

describe('an exchanged token', () => {
  test('is shared by requests that bring the same token for the same thing', async () => {
    const { forSubject, asked } = create()
    const subject = { accessToken: 'a', expiresAt: 1300 }
    const both = await Promise.all([forSubject(subject, request), forSubject(subject, request)])
    expect(both[0]).toBe(both[1])
    expect(await forSubject(subject, { ...request, grant: undefined })).toBe(both[0])
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatchObject({ subjectToken: 'a', resource: request.resource })
  })

  test('is given to nobody else, and for nothing else', async () => {
    const { forSubject, asked } = create()
    await forSubject({ accessToken: 'a', expiresAt: 1300 }, request)
    await forSubject({ accessToken: 'b', expiresAt: 1300 }, request)
    await forSubject({ accessToken: 'a', expiresAt: 1300 }, { ...request, scopes: ['x'] })
    await forSubject({ accessToken: 'a', expiresAt: 1300 }, { audience: request.resource })
    expect(asked).toHaveLength(4)
  })

  test('never outlives the token it was exchanged for', async () => {
    const { forSubject } = create()
    const { token } = await forSubject({ accessToken: 'a', expiresAt: 1100 }, request)
    expect(token.expiresAt).toBe(1100)
  })

  test('is exchanged anew before its end, but not in the last seconds of both', async () => {
    const { forSubject, asked, state } = create()
    const subject = { accessToken: 'a', expiresAt: 1400 }
    await forSubject(subject, request)
    state.now = 1298
    await forSubject(subject, request)
    expect(asked).toHaveLength(2)
    state.now = 1399
    await forSubject(subject, request)
    expect(asked).toHaveLength(2)
    state.now = 1400
    await forSubject(subject, request)
    expect(asked).toHaveLength(3)
  })

  test('that could not be had is asked for again', async () => {
    const { forSubject, asked, state } = create()
    state.failure = new SallyportError('ERR_TOKEN_UNAVAILABLE', 'no')
    const subject = { accessToken: 'a', expiresAt: 1300 }
    await expect(forSubject(subject, request)).rejects.toMatchObject({
      code: 'ERR_TOKEN_UNAVAILABLE',
    })
    state.failure = undefined
    await forSubject(subject, request)
    expect(asked).toHaveLength(2)
  })

  test('is remembered for a thousand callers; who was longest away goes', async () => {
    const { forSubject, asked } = create()
    const subject = (i: number) => ({ accessToken: `token-${i}`, expiresAt: 1300 })
    for (let i = 0; i <= 1000; i += 1) await forSubject(subject(i), request)
    await forSubject(subject(1), request)
    expect(asked).toHaveLength(1001)
    await forSubject(subject(0), request)
    expect(asked).toHaveLength(1002)
  })

  test('has a key of its own when access tokens are bound', async () => {
    const { forSubject, asked } = create('dpop')
    const one = await forSubject({ accessToken: 'a', expiresAt: 1300 }, request)
    const other = await forSubject({ accessToken: 'b', expiresAt: 1300 }, request)
    expect(asked[0]?.dpopKey).toBe(one.dpopKey)
    expect(one.dpopKey?.x).not.toBe(other.dpopKey?.x)
  })
})
