import { decodeJwt, decodeProtectedHeader } from 'jose'
import * as client from 'openid-client'
import { describe, expect, test } from 'vitest'
import type { openBrowser } from './testing/browser.ts'
import {
  alice,
  beginSignIn,
  callbackUri,
  inventory,
  orders,
  redeem,
  signIn,
  useIdentity,
} from './testing/identity-fixture.ts'

const identity = useIdentity()

describe('a sign-in', () => {
  test('ends with tokens for an independent client', async () => {
    const attempt = await beginSignIn(identity)
    const answer = await signIn(attempt)
    expect(new URL(String(answer.headers.location)).searchParams.get('iss')).toBe(identity.issuer)
    const tokens = await redeem(attempt, answer)

    const claims = tokens.claims()
    expect(claims).toMatchObject({
      iss: identity.issuer,
      aud: 'bff',
      name: 'Alice Liddell',
      preferred_username: 'alice',
      email: 'alice@example.com',
      email_verified: false,
      acr: 'urn:sallyport:acr:password',
      amr: ['pwd'],
      auth_time: expect.any(Number),
      sid: expect.any(String),
    })
    expect(decodeProtectedHeader(tokens.access_token)).toMatchObject({
      typ: 'at+jwt',
      alg: 'ES256',
    })
    expect(decodeJwt(tokens.access_token)).toMatchObject({
      iss: identity.issuer,
      aud: orders,
      sub: claims?.sub,
      client_id: 'bff',
      scope: 'orders.read orders.write',
      acr: 'urn:sallyport:acr:password',
    })
    expect(decodeJwt(tokens.access_token)).not.toHaveProperty('sid')
    expect(tokens.expires_in).toBe(300)
  })

  test('gives each of the resources its own token, by refresh too', async () => {
    const attempt = await beginSignIn(identity)
    const tokens = await redeem(attempt, await signIn(attempt))
    const refreshed = await client.refreshTokenGrant(attempt.config, String(tokens.refresh_token), {
      resource: inventory,
    })
    expect(decodeJwt(refreshed.access_token)).toMatchObject({
      aud: inventory,
      scope: 'inventory.read',
      amr: ['pwd'],
    })
    expect(refreshed.expires_in).toBe(120)
    expect(refreshed.claims()).toMatchObject({ sid: tokens.claims()?.sid, name: 'Alice Liddell' })
  })

  test('without a resource gives an opaque token for userinfo', async () => {
    const attempt = await beginSignIn(identity)
    const tokens = await redeem(attempt, await signIn(attempt), null)
    expect(tokens.access_token).not.toContain('.')
    const subject = String(tokens.claims()?.sub)
    const userinfo = await client.fetchUserInfo(attempt.config, tokens.access_token, subject)
    expect(userinfo).toMatchObject({ name: 'Alice Liddell', email: 'alice@example.com' })
    const seen = await client.tokenIntrospection(attempt.config, tokens.access_token)
    expect(seen).toMatchObject({ active: true, client_id: 'bff' })
  })

  test('leaves claims out whose scope was not asked for', async () => {
    const attempt = await beginSignIn(identity, 'bff', { scope: 'openid orders.read' })
    const tokens = await redeem(attempt, await signIn(attempt))
    expect(tokens.claims()).not.toHaveProperty('name')
    expect(tokens.claims()).not.toHaveProperty('email')
  })

  test('is not asked for twice in the same browser', async () => {
    const attempt = await beginSignIn(identity)
    await signIn(attempt)
    const second = { ...(await beginSignIn(identity)), browser: attempt.browser }
    const answer = await second.browser.visit(second.url.href)
    expect(String(answer.headers.location)).toContain(callbackUri)
    expect((await redeem(second, answer)).claims()?.name).toBe('Alice Liddell')
  })

  test('keeps subject, keys and sessions over a restart', async () => {
    const attempt = await beginSignIn(identity)
    const tokens = await redeem(attempt, await signIn(attempt))
    const keys = await (await fetch(`${identity.issuer}/jwks`)).text()
    await identity.restart()
    expect(await (await fetch(`${identity.issuer}/jwks`)).text()).toBe(keys)
    const again = await client.refreshTokenGrant(attempt.config, String(tokens.refresh_token), {
      resource: orders,
    })
    expect(decodeJwt(again.access_token).sub).toBe(tokens.claims()?.sub)
  })
})

describe('what an authorization request may not do', () => {
  const errorOf = (location: unknown) => new URL(String(location)).searchParams.get('error')

  test('leave PKCE out, or use plain', async () => {
    const attempt = await beginSignIn(identity)
    attempt.url.searchParams.delete('code_challenge')
    attempt.url.searchParams.delete('code_challenge_method')
    const without = await attempt.browser.visit(attempt.url.href)
    expect(errorOf(without.headers.location)).toBe('invalid_request')

    const plain = await beginSignIn(identity)
    plain.url.searchParams.set('code_challenge_method', 'plain')
    const answer = await plain.browser.visit(plain.url.href)
    expect(errorOf(answer.headers.location)).toBe('invalid_request')
  })

  test('name a resource of somebody else', async () => {
    const attempt = await beginSignIn(identity, 'partner', {
      scope: 'openid orders.read',
      resource: [inventory],
      redirectUri: 'https://partner.example/callback',
    })
    const answer = await attempt.browser.visit(attempt.url.href)
    expect(errorOf(answer.headers.location)).toBe('invalid_target')
  })

  test('get scopes that the client may not have', async () => {
    const attempt = await beginSignIn(identity, 'bff', {
      scope: 'openid inventory.read inventory.write',
      resource: [inventory],
    })
    const tokens = await redeem(attempt, await signIn(attempt), inventory)
    expect(decodeJwt(tokens.access_token).scope).toBe('inventory.read')
  })

  test('lead to a redirect URI that is not registered', async () => {
    const attempt = await beginSignIn(identity, 'bff', { redirectUri: `${callbackUri}/../evil` })
    const answer = await attempt.browser.visit(attempt.url.href)
    expect(answer.status).toBe(400)
    expect(answer.headers.location).toBeUndefined()
    expect(answer.body).toContain('invalid_redirect_uri')
  })

  test('use response types other than code', async () => {
    const attempt = await beginSignIn(identity)
    attempt.url.searchParams.set('response_type', 'id_token')
    const answer = await attempt.browser.visit(attempt.url.href)
    const fragment = new URLSearchParams(new URL(String(answer.headers.location)).hash.slice(1))
    expect(fragment.get('error')).toBe('unsupported_response_type')
  })
})

describe('health and tracing', () => {
  test('health answers for any host', async () => {
    expect((await fetch(`${identity.issuer}/livez`)).status).toBe(200)
    const probe = identity.issuer.replace('localhost', '127.0.0.1')
    expect((await fetch(`${probe}/readyz`)).status).toBe(200)
  })

  test('log lines carry the trace of the caller and no secret', async () => {
    const trace = '0af7651916cd43dd8448eb211c80319c'
    const attempt = await beginSignIn(identity)
    const headers = { traceparent: `00-${trace}-b7ad6b7169203331-01` }
    const page = await attempt.browser.visit(attempt.url.href)
    const action = /<form method="post" action="([^"]*)"/.exec(page.body)?.[1] ?? ''
    const formToken = /name="form_token" value="([^"]*)"/.exec(page.body)?.[1] ?? ''
    const form = { ...alice, form_token: formToken }
    await attempt.browser.send(`${identity.issuer}${action}`, { method: 'POST', form, headers })
    const line = identity.log.find(
      (entry) => entry.event === 'authn_login_success' && entry.trace_id === trace,
    )
    expect(line).toMatchObject({ client_id: 'bff', subject: expect.any(String) })

    const answer = await signIn(attempt)
    const text = JSON.stringify(identity.log)
    for (const secret of [alice.password, formToken, String(answer.headers.location)]) {
      expect(text).not.toContain(secret)
    }
    for (const cookie of openBrowserCookies(attempt.browser)) expect(text).not.toContain(cookie)
  })
})

function openBrowserCookies(browser: ReturnType<typeof openBrowser>): string[] {
  const values = browser.cookies(`${identity.issuer}/`).split('; ')
  return values.map((pair) => pair.slice(pair.indexOf('=') + 1)).filter(Boolean)
}
