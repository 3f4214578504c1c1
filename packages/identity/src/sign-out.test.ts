import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import * as client from 'openid-client'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openBrowser } from './testing/browser.ts'
import {
  alice,
  beginSignIn,
  bob,
  nativeUri,
  orders,
  redeem,
  signedOutUri,
  signIn,
  useIdentity,
} from './testing/identity-fixture.ts'

let receiver: Server
let origin: string
const logoutTokens: string[] = []

beforeAll(async () => {
  receiver = createServer(async (req, res) => {
    let body = ''
    for await (const chunk of req) body += chunk
    logoutTokens.push(String(new URLSearchParams(body).get('logout_token')))
    res.end()
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
})
afterAll(() => {
  receiver.closeAllConnections()
  receiver.close()
})

const identity = useIdentity((options) => ({
  ...options,
  allowedPrivateOrigins: [origin],
  clients: options.clients.map((one) =>
    one.clientId === 'bff'
      ? { ...one, backchannelLogoutUri: `${origin}/bff/backchannel`, trustsLogoutHint: true }
      : one,
  ),
}))

async function signedIn(account = alice) {
  const attempt = await beginSignIn(identity)
  return { attempt, tokens: await redeem(attempt, await signIn(attempt, account)) }
}

function signOutUrl(hint?: string, state = 'of the application'): string {
  const url = new URL(`${identity.issuer}/sign-out`)
  url.searchParams.set('client_id', 'bff')
  url.searchParams.set('post_logout_redirect_uri', signedOutUri)
  url.searchParams.set('state', state)
  if (hint) url.searchParams.set('id_token_hint', hint)
  return url.href
}

async function isSignedIn({ attempt }: Awaited<ReturnType<typeof signedIn>>): Promise<boolean> {
  const silent = await beginSignIn(identity, 'bff', { extra: { prompt: 'none' } })
  const answer = await attempt.browser.visit(silent.url.href)
  return new URL(String(answer.headers.location)).searchParams.has('code')
}

describe('signing out', () => {
  test('T10: with the ID token of this session needs no page and no JavaScript', async () => {
    const session = await signedIn()
    const { attempt, tokens } = session
    const answer = await attempt.browser.visit(signOutUrl(tokens.id_token))
    expect(answer.status).toBe(303)
    expect(answer.headers.location).toBe(`${signedOutUri}?state=of+the+application`)
    expect(await isSignedIn(session)).toBe(false)
    const again = client.refreshTokenGrant(attempt.config, String(tokens.refresh_token), {
      resource: orders,
    })
    await expect(again).rejects.toMatchObject({ error: 'invalid_grant' })
  })

  test('T10: the sid of this session does as well, from a client that is trusted with it', async () => {
    const session = await signedIn()
    const other = await signedIn()
    const { browser } = session.attempt
    const withHint = (sid: unknown) => `${signOutUrl()}&logout_hint=${String(sid)}`
    for (const foreign of [other.tokens.claims()?.sid, 'guessed', '']) {
      const page = await browser.visit(withHint(foreign))
      expect(page.body, String(foreign)).toContain('<h1>Sign out?</h1>')
    }
    const native = await beginSignIn(identity, 'native', {
      scope: 'openid',
      resource: [],
      redirectUri: nativeUri,
    })
    const atNative = { ...native, browser }
    const sid = (await redeem(atNative, await browser.visit(native.url.href), null)).claims()?.sid
    const untrusted = `${identity.issuer}/sign-out?client_id=native&logout_hint=${String(sid)}`
    expect((await browser.visit(untrusted)).body).toContain('<h1>Sign out?</h1>')
    expect(await isSignedIn(session)).toBe(true)

    const answer = await browser.visit(withHint(session.tokens.claims()?.sid))
    expect(answer.headers.location).toBe(`${signedOutUri}?state=of+the+application`)
    expect(await isSignedIn(session)).toBe(false)
  })

  test('T6: tells the client by back-channel logout, on a listed loopback origin', async () => {
    const { attempt, tokens } = await signedIn()
    await attempt.browser.visit(signOutUrl(tokens.id_token))
    const sid = tokens.claims()?.sid
    const told = await vi.waitUntil(() => logoutTokens.find((one) => decodeJwt(one).sid === sid))
    expect(decodeProtectedHeader(told).typ).toBe('logout+jwt')
    expect(decodeJwt(told)).toMatchObject({ iss: identity.issuer, aud: 'bff', sid })
  })

  test('A309: without a hint, or with one of another session, the person is asked', async () => {
    const mine = await signedIn(alice)
    const other = await signedIn(alice)
    const bobs = await signedIn(bob)
    for (const hint of [undefined, other.tokens.id_token, bobs.tokens.id_token]) {
      const page = await mine.attempt.browser.visit(signOutUrl(hint))
      expect(page.status).toBe(200)
      expect(page.body).toContain('<h1>Sign out?</h1>')
      expect(page.body).toContain('Alice Liddell')
      expect(await isSignedIn(mine)).toBe(true)
    }
    expect(await isSignedIn(other)).toBe(true)
  })

  test('"stay signed in" keeps session and tokens', async () => {
    const session = await signedIn()
    const { attempt, tokens } = session
    const page = await attempt.browser.visit(signOutUrl())
    const href = /class="button quiet" href="([^"]*)"/.exec(page.body)?.[1] ?? ''
    const stayed = await attempt.browser.visit(new URL(href, page.url).href)
    expect(stayed.body).toContain('You are still signed in')
    expect(stayed.body).toContain('href="http://localhost:3000/"')
    expect(await isSignedIn(session)).toBe(true)
    await client.refreshTokenGrant(attempt.config, String(tokens.refresh_token), {
      resource: orders,
    })
  })

  test('"sign out" leads back to the application, the form only there', async () => {
    const session = await signedIn()
    const page = await session.attempt.browser.visit(signOutUrl())
    const policy = String(page.headers['content-security-policy'])
    expect(policy).toContain("form-action 'self' http://localhost:3000")
    const answer = await session.attempt.browser.submit(page, { logout: 'yes' })
    expect(answer.headers.location).toBe(`${signedOutUri}?state=of+the+application`)
    expect(await isSignedIn(session)).toBe(false)
  })

  test('the confirmation cannot be forged', async () => {
    const session = await signedIn()
    await session.attempt.browser.visit(signOutUrl())
    const answer = await session.attempt.browser.visit(`${identity.issuer}/sign-out/confirm`, {
      method: 'POST',
      form: { xsrf: 'forged', logout: 'yes' },
    })
    expect(answer.status).toBe(400)
    expect(await isSignedIn(session)).toBe(true)
  })

  test('A309: never leads to an address that is not registered', async () => {
    const { attempt, tokens } = await signedIn()
    const url = new URL(signOutUrl(tokens.id_token))
    url.searchParams.set('post_logout_redirect_uri', 'https://evil.example/')
    const answer = await attempt.browser.visit(url.href)
    expect(answer.status).toBe(400)
    expect(answer.headers.location).toBeUndefined()
  })

  test('T11: when nobody is signed in there is nothing to ask', async () => {
    const answer = await openBrowser().visit(signOutUrl())
    expect(answer.status).toBe(303)
    expect(answer.headers.location).toBe(`${signedOutUri}?state=of+the+application`)
    const bare = await openBrowser().visit(`${identity.issuer}/sign-out`)
    expect(bare.status).toBe(200)
    expect(bare.body).toContain('You are signed out')
  })
})
