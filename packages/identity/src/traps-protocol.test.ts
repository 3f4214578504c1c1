import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import * as client from 'openid-client'
import { describe, expect, test } from 'vitest'
import { loadServerKeys } from './keys/server-keys.ts'
import { openStorage } from './storage/environment.ts'
import {
  alice,
  beginSignIn,
  bob,
  inventory,
  orders,
  redeem,
  signIn,
  useIdentity,
} from './testing/identity-fixture.ts'

const identity = useIdentity((options) => ({
  ...options,
  lifetimes: { refreshTokenGrace: 0 },
  clients: options.clients.map((one) =>
    one.clientId === 'bff' ? { ...one, rotateRefreshToken: 'always' as const } : one,
  ),
}))

async function signedIn() {
  const attempt = await beginSignIn(identity)
  return { attempt, tokens: await redeem(attempt, await signIn(attempt)) }
}

const twenty = <T>(work: () => Promise<T>) =>
  Promise.allSettled(Array.from({ length: 20 }, () => work()))

describe('single use', () => {
  test('T1: of 20 redemptions of one code at once, one wins', async () => {
    const attempt = await beginSignIn(identity)
    const answer = await signIn(attempt)
    const results = await twenty(() => redeem(attempt, answer))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const refused = results.flatMap((one) => (one.status === 'rejected' ? [one.reason.error] : []))
    expect(new Set(refused)).toEqual(new Set(['invalid_grant']))
  })

  test('T1: of 20 uses of one rotated refresh token at once, one wins where there is no grace', async () => {
    const { attempt, tokens } = await signedIn()
    const refreshToken = String(tokens.refresh_token)
    const results = await twenty(() =>
      client.refreshTokenGrant(attempt.config, refreshToken, { resource: orders }),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('T2: a refresh token that comes again ends its whole family where there is no grace', async () => {
    const { attempt, tokens } = await signedIn()
    const parameters = { resource: orders }
    const refresh = (token: unknown) =>
      client.refreshTokenGrant(attempt.config, String(token), parameters)
    const next = await refresh(tokens.refresh_token)
    expect(next.refresh_token).not.toBe(tokens.refresh_token)
    await expect(refresh(tokens.refresh_token)).rejects.toMatchObject({ error: 'invalid_grant' })
    await expect(refresh(next.refresh_token)).rejects.toMatchObject({ error: 'invalid_grant' })
  })
})

describe('what is stored', () => {
  test('T3: a copy of the database has no token, code, cookie, name or password', async () => {
    const attempt = await beginSignIn(identity)
    const page = await attempt.browser.visit(attempt.url.href)
    const interaction = new URL(page.url).pathname.split('/').at(-1)
    const answer = await attempt.browser.submit(page, alice)
    const tokens = await redeem(attempt, answer, null)
    const cookie = attempt.browser.cookies(`${identity.issuer}/`)
    const session = /sallyport-identity=([^;]+)/.exec(cookie)?.[1]
    const code = new URL(String(answer.headers.location)).searchParams.get('code')
    const dump = readFileSync(join(identity.dataDir, 'data.mdb'), 'latin1')
    const secrets = {
      code,
      session,
      interaction,
      state: attempt.state,
      nonce: attempt.nonce,
      accessToken: tokens.access_token,
      refreshToken: tokens.refresh_token,
      password: alice.password,
    }
    for (const [what, secret] of Object.entries(secrets)) {
      expect(secret, what).toBeTruthy()
      expect(dump.includes(String(secret)), what).toBe(false)
    }
    // The same search finds what is there in clear.
    expect(dump).toContain('$argon2id$')
  })

  test('its folder and files are for its owner only', () => {
    const mode = (name: string) => statSync(join(identity.dataDir, name)).mode & 0o777
    expect(mode('.')).toBe(0o700)
    for (const name of ['data.mdb', 'lock.mdb', 'identity.key']) {
      expect(mode(name), name).toBe(0o600)
    }
  })

  test('T14: the keys are made here, kept, and no others are taken', async () => {
    const { keys } = (await (await fetch(`${identity.issuer}/jwks`)).json()) as {
      keys: Record<string, unknown>[]
    }
    expect(keys).toHaveLength(1)
    expect(keys[0]).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' })
    expect(keys[0]).not.toHaveProperty('d')
    expect(JSON.stringify(keys)).not.toContain('keystore-CHANGE-ME')

    const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-keys-'))
    const storage = openStorage(dataDir)
    try {
      const made = await loadServerKeys(storage, dataDir)
      expect((await loadServerKeys(storage, dataDir)).signingKey).toEqual(made.signingKey)
      rmSync(join(dataDir, 'identity.key'))
      await expect(loadServerKeys(storage, dataDir)).rejects.toMatchObject({
        code: 'ERR_CONFIG_INVALID',
        message: expect.stringContaining('identity.key is missing'),
      })
    } finally {
      await storage.close()
      rmSync(dataDir, { recursive: true })
    }
  })
})

describe('tokens', () => {
  test('T7: revoking an opaque access token ends the refresh token too, so nobody should', async () => {
    const attempt = await beginSignIn(identity)
    const tokens = await redeem(attempt, await signIn(attempt), null)
    await client.tokenRevocation(attempt.config, tokens.access_token)
    const again = client.refreshTokenGrant(attempt.config, String(tokens.refresh_token))
    await expect(again).rejects.toMatchObject({ error: 'invalid_grant' })
  })

  test('T8: a JWT access token is of no use at userinfo, introspection and revocation', async () => {
    const { attempt, tokens } = await signedIn()
    const subject = String(tokens.claims()?.sub)
    await expect(
      client.fetchUserInfo(attempt.config, tokens.access_token, subject),
    ).rejects.toMatchObject({ status: 401 })
    for (const ask of [client.tokenIntrospection, client.tokenRevocation]) {
      await expect(ask(attempt.config, tokens.access_token)).rejects.toMatchObject({
        error: 'unsupported_token_type',
      })
    }
  })

  test('T9: a refresh token without a consent page, that ends with the session', async () => {
    const { attempt, tokens } = await signedIn()
    expect(tokens.refresh_token).toEqual(expect.any(String))
    const page = await attempt.browser.visit(`${identity.issuer}/sign-out`)
    await attempt.browser.submit(page, { logout: 'yes' })
    await expect(
      client.refreshTokenGrant(attempt.config, String(tokens.refresh_token)),
    ).rejects.toMatchObject({ error: 'invalid_grant' })
  })

  test('T15: ID tokens are signed with ES256', async () => {
    const { tokens } = await signedIn()
    expect(decodeProtectedHeader(String(tokens.id_token)).alg).toBe('ES256')
  })

  test('T16: a level that no sign-in reaches is refused, one that it reaches is named', async () => {
    const extra = { acr_values: 'urn:example:two-factors' }
    const attempt = await beginSignIn(identity, 'bff', { extra })
    const answer = await attempt.browser.visit(attempt.url.href)
    const error = new URL(String(answer.headers.location)).searchParams.get('error')
    expect(error).toBe('unmet_authentication_requirements')

    const reachable = `${extra.acr_values} urn:sallyport:acr:password`
    const second = await beginSignIn(identity, 'bff', { extra: { acr_values: reachable } })
    const tokens = await redeem(second, await signIn(second))
    expect(tokens.claims()?.acr).toBe('urn:sallyport:acr:password')
  })

  test('T19: after its grant was revoked a signed-in browser signs in again without a page', async () => {
    const { attempt, tokens } = await signedIn()
    await client.tokenRevocation(attempt.config, String(tokens.refresh_token))
    const second = { ...(await beginSignIn(identity)), browser: attempt.browser }
    const again = await redeem(second, await second.browser.visit(second.url.href), inventory)
    expect(decodeJwt(again.access_token)).toMatchObject({ aud: inventory, scope: 'inventory.read' })
  })

  test('a session that is signed out stays out, although its code is still under way', async () => {
    const attempt = await beginSignIn(identity)
    const answer = await signIn(attempt, bob)
    const page = await attempt.browser.visit(`${identity.issuer}/sign-out`)
    await attempt.browser.submit(page, { logout: 'yes' })
    await expect(redeem(attempt, answer)).rejects.toMatchObject({ error: 'invalid_grant' })
  })
})
