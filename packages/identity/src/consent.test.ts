import { decodeJwt } from 'jose'
import * as client from 'openid-client'
import { describe, expect, test } from 'vitest'
import {
  alice,
  beginSignIn,
  orders,
  redeem,
  signIn,
  useIdentity,
} from './testing/identity-fixture.ts'

const identity = useIdentity()

async function openConsent(scope = 'openid profile orders.read', extra = {}) {
  const attempt = await beginSignIn(identity, 'partner', {
    scope,
    resource: [orders],
    redirectUri: 'https://partner.example/callback',
    extra,
  })
  return { attempt, page: await signIn(attempt) }
}

describe('an application of somebody else', () => {
  test('gets what the person allows, and is named as it is', async () => {
    const { attempt, page } = await openConsent()
    expect(page.body).toContain('<h1>Allow access?</h1>')
    expect(page.body).toContain('Partner &lt;reports&gt;')
    expect(page.body).toContain('Alice Liddell')
    expect(page.body).toContain('orders.read')
    const answer = await attempt.browser.submit(page, { decision: 'allow' })
    const tokens = await redeem(attempt, answer)
    expect(decodeJwt(tokens.access_token).scope).toBe('orders.read')
    expect(tokens.claims()?.name).toBe('Alice Liddell')
  })

  test('is not asked about twice, but again for more', async () => {
    const { attempt, page } = await openConsent('openid orders.read')
    await attempt.browser.submit(page, { decision: 'allow' })
    const ask = (scope: string) =>
      beginSignIn(identity, 'partner', {
        scope,
        resource: [orders],
        redirectUri: 'https://partner.example/callback',
      })
    const less = await attempt.browser.visit((await ask('openid orders.read')).url.href)
    expect(String(less.headers.location)).toContain('code=')
    const more = await attempt.browser.visit((await ask('openid profile orders.read')).url.href)
    expect(more.body).toContain('Read your profile')
    expect(more.body).not.toContain('orders.read</b>')
  })

  test('gets nothing when the person says no, or the form is odd', async () => {
    for (const decision of ['cancel', 'ALLOW', '']) {
      const { attempt, page } = await openConsent()
      const answer = await attempt.browser.submit(page, { decision })
      const target = new URL(String(answer.headers.location))
      expect(target.searchParams.get('error'), decision).toBe('access_denied')
    }
  })

  test('A304: consent cannot be forged', async () => {
    const { attempt, page } = await openConsent()
    const forged = await attempt.browser.submit(page, { decision: 'allow', form_token: 'x' })
    expect(forged.status).toBe(403)
  })

  test('with offline_access keeps its refresh token over the sign-out', async () => {
    const scope = 'openid offline_access orders.read'
    const { attempt, page } = await openConsent(scope, { prompt: 'consent' })
    expect(page.body).toContain('Act while you are away')
    const tokens = await redeem(attempt, await attempt.browser.submit(page, { decision: 'allow' }))
    const signOut = await attempt.browser.visit(`${identity.issuer}/sign-out`)
    await attempt.browser.submit(signOut, { logout: 'yes' })
    const refreshed = await client.refreshTokenGrant(attempt.config, String(tokens.refresh_token), {
      resource: orders,
    })
    expect(decodeJwt(refreshed.access_token).aud).toBe(orders)
    expect(refreshed.refresh_token).not.toBe(tokens.refresh_token)
  })

  test('a person who signs in as somebody else has no part in the first one’s consent', async () => {
    const { attempt, page } = await openConsent()
    await attempt.browser.submit(page, { decision: 'allow' })
    const second = await beginSignIn(identity, 'partner', {
      scope: 'openid orders.read',
      resource: [orders],
      redirectUri: 'https://partner.example/callback',
      extra: { prompt: 'login' },
    })
    const form = await attempt.browser.visit(second.url.href)
    const bobs = await attempt.browser.submit(form, {
      ...alice,
      username: 'bob',
      password: 'builder-of-9',
    })
    expect(bobs.body).toContain('Bob Builder')
    expect(bobs.body).toContain('Allow access?')
  })
})
