import * as client from 'openid-client'
import { describe, expect, test } from 'vitest'
import { openBrowser } from './testing/browser.ts'
import {
  alice,
  beginSignIn,
  bob,
  callbackUri,
  orders,
  redeem,
  signIn,
  startIdentity,
  useIdentity,
} from './testing/identity-fixture.ts'

const identity = useIdentity()

describe('the session', () => {
  test('A009: gets a new id at each sign-in, and the old id is dead', async () => {
    const attempt = await beginSignIn(identity)
    await signIn(attempt)
    const idOf = () =>
      /sallyport-identity=([^;]*)/.exec(attempt.browser.cookies(`${identity.issuer}/`))?.[1]
    const jar = attempt.browser.cookies(`${identity.issuer}/`)
    const before = idOf()
    const isAlive = async (cookie: string) => {
      const silent = await beginSignIn(identity, 'bff', { extra: { prompt: 'none' } })
      const answer = await openBrowser().send(silent.url.href, { headers: { cookie } })
      return new URL(String(answer.headers.location)).searchParams.has('code')
    }
    expect(await isAlive(jar)).toBe(true)

    const second = await beginSignIn(identity, 'bff', { extra: { prompt: 'login' } })
    await signIn({ ...second, browser: attempt.browser })
    expect(idOf()).not.toBe(before)
    expect(await isAlive(attempt.browser.cookies(`${identity.issuer}/`))).toBe(true)
    expect(await isAlive(jar)).toBe(false)
  })

  test('its cookies are for this server alone', async () => {
    const attempt = await beginSignIn(identity)
    const answer = await attempt.browser.send(attempt.url.href)
    const cookies = [answer.headers['set-cookie'] ?? []].flat()
    expect(cookies.length).toBeGreaterThan(0)
    for (const line of cookies) {
      expect(line).toMatch(/^sallyport-identity/)
      expect(line).toMatch(/httponly/i)
      expect(line).toMatch(/samesite=lax/i)
      expect(line).not.toMatch(/domain=/i)
    }
  })

  test('behind a proxy that ends TLS its cookies are Secure, with the __Host- prefix', async () => {
    const secure = await startIdentity((options) => ({
      ...options,
      issuer: 'https://id.example.test',
    }))
    try {
      const browser = openBrowser()
      const { port } = secure
      const headers = { host: 'id.example.test' }
      const discovery = await browser.send(
        `http://localhost:${port}/.well-known/openid-configuration`,
        { headers },
      )
      expect(JSON.parse(discovery.body).authorization_endpoint).toBe(
        'https://id.example.test/authorize',
      )
      const query = new URLSearchParams({
        client_id: 'bff',
        response_type: 'code',
        scope: 'openid',
        redirect_uri: callbackUri,
        code_challenge: 'x'.repeat(43),
        code_challenge_method: 'S256',
      })
      const answer = await browser.send(`http://localhost:${port}/authorize?${query}`, { headers })
      expect(answer.status).toBe(303)
      const cookies = [answer.headers['set-cookie'] ?? []].flat()
      expect(cookies.length).toBeGreaterThan(0)
      for (const line of cookies) expect(line).toMatch(/; secure/i)

      const page = await browser.send(`http://localhost:${port}/sign-out`, { headers })
      expect(page.status).toBe(303)
    } finally {
      await secure.close()
    }
  })
})

describe('signing in as somebody else', () => {
  test('T11: ends the first session without a page that needs JavaScript', async () => {
    const attempt = await beginSignIn(identity)
    const first = await redeem(attempt, await signIn(attempt, alice))
    const second = {
      ...(await beginSignIn(identity, 'bff', { extra: { prompt: 'login' } })),
      browser: attempt.browser,
    }
    const answer = await signIn(second, bob)
    expect(answer.status).toBe(303)
    const tokens = await redeem(second, answer)
    expect(tokens.claims()).toMatchObject({ preferred_username: 'bob' })
    expect(tokens.claims()?.sid).not.toBe(first.claims()?.sid)
    await expect(
      client.refreshTokenGrant(attempt.config, String(first.refresh_token), { resource: orders }),
    ).rejects.toMatchObject({ error: 'invalid_grant' })
  })
})
