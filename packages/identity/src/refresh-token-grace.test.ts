import * as client from 'openid-client'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  type Attempt,
  beginSignIn,
  nativeUri,
  orders,
  redeem,
  signIn,
  useIdentity,
} from './testing/identity-fixture.ts'
import { startSecondProcess } from './testing/second-process.ts'

const identity = useIdentity((options) => ({
  ...options,
  clients: options.clients.map((one) =>
    one.clientId === 'bff' ? { ...one, rotateRefreshToken: 'always' as const } : one,
  ),
}))

afterEach(() => {
  vi.useRealTimers()
})

const nativeAsk = { scope: 'openid orders.read', resource: [orders], redirectUri: nativeUri }

async function signedIn(clientId = 'bff') {
  const attempt = await beginSignIn(identity, clientId, clientId === 'native' ? nativeAsk : {})
  const tokens = await redeem(attempt, await signIn(attempt))
  return { attempt, refreshToken: String(tokens.refresh_token) }
}

async function refresh({ config }: Attempt, refreshToken: string): Promise<string> {
  const tokens = await client.refreshTokenGrant(config, refreshToken, { resource: orders })
  return String(tokens.refresh_token)
}

const refused = expect.objectContaining({ error: 'invalid_grant' })

/** Moves the clock of the server and of everything else here, from the time it is. */
function pass(seconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 })
}

describe('a refresh token that was replaced', () => {
  test.each(['bff', 'native'])('T2: gives 20 requests at once of %s one successor', async (who) => {
    const { attempt, refreshToken } = await signedIn(who)
    const successors = await Promise.all(
      Array.from({ length: 20 }, () => refresh(attempt, refreshToken)),
    )
    expect(new Set(successors).size).toBe(1)
    expect(successors[0]).not.toBe(refreshToken)
    await expect(refresh(attempt, String(successors[0]))).resolves.not.toBe(successors[0])
  })

  test('gives the same one again when the answer got lost', async () => {
    const { attempt, refreshToken } = await signedIn()
    const lost = await refresh(attempt, refreshToken)
    pass(9)
    expect(await refresh(attempt, refreshToken)).toBe(lost)
    expect(await refresh(attempt, lost)).not.toBe(lost)
  })

  test('ends its family when it comes after the grace', async () => {
    const { attempt, refreshToken } = await signedIn()
    const successor = await refresh(attempt, refreshToken)
    const latest = await refresh(attempt, successor)
    const before = identity.log.length
    pass(10)
    for (const one of [refreshToken, successor, latest]) {
      await expect(refresh(attempt, one)).rejects.toEqual(refused)
    }
    const events = identity.log.slice(before)
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'authn_token_reuse', client_id: 'bff' }),
    )
    expect(JSON.stringify(events)).not.toContain(refreshToken)
  })

  test('is refused to another client, which changes nothing', async () => {
    const { attempt, refreshToken } = await signedIn()
    const successor = await refresh(attempt, refreshToken)
    const other = { ...attempt, config: await identity.discover('partner') }
    await expect(refresh(other, refreshToken)).rejects.toEqual(refused)
    expect(await refresh(attempt, refreshToken)).toBe(successor)
  })

  test.each(['the old one', 'the new one'])('is dead when %s is revoked', async (which) => {
    const { attempt, refreshToken } = await signedIn()
    const successor = await refresh(attempt, refreshToken)
    const revoked = which === 'the old one' ? refreshToken : successor
    await client.tokenRevocation(attempt.config, revoked)
    for (const one of [refreshToken, successor]) {
      await expect(refresh(attempt, one)).rejects.toEqual(refused)
    }
  })

  test('outlives a restart of the server within the grace', async () => {
    const { attempt, refreshToken } = await signedIn()
    const successor = await refresh(attempt, refreshToken)
    await identity.restart()
    expect(await refresh(attempt, refreshToken)).toBe(successor)
  })
})

describe('two processes', () => {
  test('name one successor, and what one named stands when it is killed', async () => {
    const second = await startSecondProcess(identity)
    onTestFinished(() => second.kill())
    const { attempt, refreshToken } = await signedIn()
    const there = { ...attempt, config: await identity.discover('bff') }
    there.config[client.customFetch] = second.fetch
    const successors = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        refresh(index % 2 === 0 ? attempt : there, refreshToken),
      ),
    )
    expect(new Set(successors).size).toBe(1)
    const next = await refresh(there, String(successors[0]))
    await second.kill()
    expect(await refresh(attempt, String(successors[0]))).toBe(next)
    expect(await refresh(attempt, next)).not.toBe(next)
  })
})
