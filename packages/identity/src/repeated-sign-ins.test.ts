import * as client from 'openid-client'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { type Browser, openBrowser } from './testing/browser.ts'
import {
  alice,
  beginSignIn,
  bob,
  orders,
  redeem,
  signedOutUri,
  signIn,
  useIdentity,
} from './testing/identity-fixture.ts'

const identity = useIdentity((options) => ({
  ...options,
  lifetimes: { refreshTokenGrace: 0, refreshToken: 86_400 },
  clients: options.clients.map((one) =>
    one.clientId === 'bff' ? { ...one, rotateRefreshToken: 'always' as const } : one,
  ),
}))

type Tokens = Awaited<ReturnType<typeof redeem>>

let browser: Browser
let config: client.Configuration
let first: Tokens
let second: Tokens

/** Signs in at the client; the second time without a page, by the session that is there. */
async function signInAgain(ask = {}, resource: string | null = orders): Promise<Tokens> {
  const attempt = { ...(await beginSignIn(identity, 'bff', ask)), browser }
  config = attempt.config
  const answer = await browser.visit(attempt.url.href)
  return redeem(
    attempt,
    answer.status === 303 ? answer : await browser.submit(answer, alice),
    resource,
  )
}

beforeEach(async () => {
  browser = openBrowser()
  first = await signInAgain()
  second = await signInAgain()
})

const refresh = ({ refresh_token: refreshToken }: Tokens) =>
  client.refreshTokenGrant(config, String(refreshToken), { resource: orders })
const isAlive = (tokens: Tokens) =>
  refresh(tokens).then(
    () => true,
    ({ error }) => {
      expect(error).toBe('invalid_grant')
      return false
    },
  )

describe('two sign-ins of one person, in one browser, at one first-party client', () => {
  test.each([
    ['first', 'second'],
    ['second', 'first'],
  ])('revoking the %s one’s refresh token leaves the %s one alone', async (which) => {
    const [revoked, other] = which === 'first' ? [first, second] : [second, first]
    await client.tokenRevocation(config, String(revoked.refresh_token))
    expect(await isAlive(revoked)).toBe(false)
    expect(await isAlive(other)).toBe(true)
    expect(await isAlive(await signInAgain())).toBe(true)
  })

  test('reuse of a refresh token ends its own sign-in alone', async () => {
    const next = await refresh(first)
    expect(await isAlive(first)).toBe(false)
    expect(await isAlive(next as Tokens)).toBe(false)
    expect(await isAlive(second)).toBe(true)
  })

  test('are one session: signing out ends both, and their sid is the same', async () => {
    const opaque = await signInAgain({ scope: 'openid profile', resource: [] }, null)
    const subject = String(opaque.claims()?.sub)
    await client.fetchUserInfo(config, opaque.access_token, subject)
    const last = await signInAgain()
    expect(second.claims()?.sid).toBe(first.claims()?.sid)

    const url = new URL(`${identity.issuer}/sign-out`)
    url.searchParams.set('id_token_hint', String(first.id_token))
    url.searchParams.set('post_logout_redirect_uri', signedOutUri)
    expect((await browser.visit(url.href)).headers.location).toBe(signedOutUri)
    for (const tokens of [first, second, last]) expect(await isAlive(tokens)).toBe(false)
    await expect(client.fetchUserInfo(config, opaque.access_token, subject)).rejects.toMatchObject({
      status: 401,
    })
  })

  test('both end when somebody else signs in there', async () => {
    const attempt = await beginSignIn(identity, 'bff', { extra: { prompt: 'login' } })
    await redeem(attempt, await signIn({ ...attempt, browser }, bob))
    expect(await isAlive(first)).toBe(false)
    expect(await isAlive(second)).toBe(false)
  })

  test('both end when their session does by itself', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 43_300_000 })
    try {
      expect(await isAlive(first)).toBe(false)
      expect(await isAlive(second)).toBe(false)
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('two sign-ins at a client that the person is asked about', () => {
  test('share what was agreed to: revoking one ends both, and the person is asked again', async () => {
    const ask = {
      scope: 'openid orders.read',
      resource: [orders],
      redirectUri: 'https://partner.example/callback',
    }
    const attempt = await beginSignIn(identity, 'partner', ask)
    const page = await signIn(attempt)
    const tokens = await redeem(attempt, await attempt.browser.submit(page, { decision: 'allow' }))
    const again = { ...(await beginSignIn(identity, 'partner', ask)), browser: attempt.browser }
    const more = await redeem(again, await attempt.browser.visit(again.url.href))
    await client.tokenRevocation(attempt.config, String(tokens.refresh_token))
    await expect(
      client.refreshTokenGrant(attempt.config, String(more.refresh_token), { resource: orders }),
    ).rejects.toMatchObject({ error: 'invalid_grant' })
    const asked = await beginSignIn(identity, 'partner', ask)
    expect((await attempt.browser.visit(asked.url.href)).body).toContain('Allow access?')
  })
})
