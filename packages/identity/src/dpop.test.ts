import { decodeJwt } from 'jose'
import * as client from 'openid-client'
import { describe, expect, test } from 'vitest'
import type { IdentityOptions } from './index.ts'
import {
  beginSignIn,
  nativeUri,
  orders,
  redeem,
  signIn,
  startIdentity,
  useIdentity,
} from './testing/identity-fixture.ts'

const bound = (options: IdentityOptions): IdentityOptions => ({
  ...options,
  clients: options.clients.map((one) =>
    one.clientId === 'orders-api' ? one : { ...one, dpopBoundAccessTokens: true },
  ),
})

const identity = useIdentity(bound)

async function proofs(config: client.Configuration, keys?: client.CryptoKeyPair) {
  return client.getDPoPHandle(config, keys ?? (await client.randomDPoPKeyPair('ES256')))
}

describe('a client with DPoP', () => {
  test('gets tokens that are bound to its key, and none without a proof', async () => {
    const attempt = await beginSignIn(identity)
    const answer = await signIn(attempt)
    const DPoP = await proofs(attempt.config)
    const tokens = await redeem({ ...attempt, DPoP }, answer)
    expect(tokens.token_type).toBe('dpop')
    expect(decodeJwt(tokens.access_token).cnf).toEqual({ jkt: await DPoP.calculateThumbprint() })

    const refreshToken = String(tokens.refresh_token)
    const resource = { resource: orders }
    await expect(
      client.refreshTokenGrant(attempt.config, refreshToken, resource),
    ).rejects.toMatchObject({ error: 'invalid_grant' })
    const next = await client.refreshTokenGrant(attempt.config, refreshToken, resource, { DPoP })
    expect(decodeJwt(next.access_token).cnf).toEqual({ jkt: await DPoP.calculateThumbprint() })
  })

  test('that is public, refreshes with the key of its first proof alone', async () => {
    const ask = { scope: 'openid orders.read', resource: [orders], redirectUri: nativeUri }
    const attempt = await beginSignIn(identity, 'native', ask)
    const DPoP = await proofs(attempt.config)
    const tokens = await redeem({ ...attempt, DPoP }, await signIn(attempt))
    const refresh = (refreshToken: unknown, handle: client.DPoPHandle) =>
      client.refreshTokenGrant(
        attempt.config,
        String(refreshToken),
        { resource: orders },
        { DPoP: handle },
      )
    const other = await proofs(attempt.config)
    await expect(refresh(tokens.refresh_token, other)).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    const next = await refresh(tokens.refresh_token, DPoP)
    expect(next.token_type).toBe('dpop')
    // Within the grace of the one that was replaced too.
    await expect(refresh(tokens.refresh_token, other)).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    const again = await refresh(tokens.refresh_token, DPoP)
    expect(again.refresh_token).toBe(next.refresh_token)
  })

  test('keeps the key that an authorization request was for', async () => {
    const keys = await client.randomDPoPKeyPair('ES256')
    const { config } = await beginSignIn(identity)
    const thumbprint = await (await proofs(config, keys)).calculateThumbprint()
    const attempt = await beginSignIn(identity, 'bff', { extra: { dpop_jkt: thumbprint } })
    const answer = await signIn(attempt)
    await expect(
      redeem({ ...attempt, DPoP: await proofs(attempt.config) }, answer),
    ).rejects.toMatchObject({ error: 'invalid_grant' })
  })

  test.each(['ES256', 'PS256', 'RS256', 'Ed25519'])('may sign its proofs with %s', async (alg) => {
    const config = await identity.discover('orders-api')
    expect(config.serverMetadata().dpop_signing_alg_values_supported).toContain(alg)
    const DPoP = await proofs(config, await client.randomDPoPKeyPair(alg))
    const tokens = await client.clientCredentialsGrant(config, { resource: orders }, { DPoP })
    expect(decodeJwt(tokens.access_token).cnf).toEqual({ jkt: await DPoP.calculateThumbprint() })
  })

  test('of its own accord gets bound tokens too, and bearer tokens without a proof', async () => {
    const config = await identity.discover('orders-api')
    const tokens = await client.clientCredentialsGrant(config, { resource: orders })
    expect(decodeJwt(tokens.access_token).cnf).toBeUndefined()
  })
})

describe('a proof', () => {
  test('counts once, also when it comes 20 times at once', async () => {
    const config = await identity.discover('orders-api')
    const DPoP = await proofs(config)
    const seen: (string | null)[] = []
    config[client.customFetch] = async (url, options) => {
      const headers = new Headers(options.headers as HeadersInit)
      seen.push(headers.get('dpop'))
      // Each request has an assertion of its own, and the proof of the first.
      headers.set('dpop', String(seen[0]))
      return fetch(url, { ...(options as RequestInit), headers })
    }
    const asked = Array.from({ length: 20 }, () =>
      client.clientCredentialsGrant(config, { resource: orders }, { DPoP }),
    )
    const results = await Promise.allSettled(asked)
    expect(new Set(seen).size).toBe(20)
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const refused = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
    for (const reason of refused) expect(reason).toMatchObject({ error: 'invalid_grant' })
  })
})

describe('with required nonces', () => {
  test('a proof without one is answered with one, which survives a restart', async () => {
    const strict = await startIdentity((options) => ({ ...options, requireDpopNonce: true }))
    try {
      const config = await strict.discover('orders-api')
      const nonces: (string | null)[] = []
      config[client.customFetch] = async (...[url, options]) => {
        const answer = await fetch(url, options as RequestInit)
        nonces.push(answer.headers.get('dpop-nonce'))
        return answer
      }
      const DPoP = await proofs(config)
      const ask = () => client.clientCredentialsGrant(config, { resource: orders }, { DPoP })
      await ask()
      expect(nonces).toEqual([expect.any(String), null])
      await strict.restart()
      await ask()
      expect(nonces.slice(2)).toEqual([null])
    } finally {
      await strict.close()
    }
  })
})
