import { describe, expect, test } from 'vitest'
import { openBrowser } from './testing/browser.ts'
import {
  alice,
  beginSignIn,
  bob,
  callbackUri,
  redeem,
  useIdentity,
} from './testing/identity-fixture.ts'

const identity = useIdentity()

async function openSignIn(extra: Record<string, string> = {}) {
  const attempt = await beginSignIn(identity, 'bff', { extra })
  return { attempt, page: await attempt.browser.visit(attempt.url.href) }
}

/** What of a page does not depend on the request. */
function stable(body: string): string {
  return body
    .replace(/\/interaction\/[\w-]+/g, '/interaction/uid')
    .replace(/(name="form_token" value=")[^"]*/g, '$1')
    .replace(/(name="username" value=")[^"]*/g, '$1')
}

describe('the sign-in page', () => {
  test('is a form that password managers and screen readers understand', async () => {
    const { page } = await openSignIn({ login_hint: '"><script>alert(1)</script>' })
    expect(page.status).toBe(200)
    expect(page.body).toContain('<html lang="en">')
    expect(page.body).toContain('<label for="username">')
    expect(page.body).toContain('autocomplete="username"')
    expect(page.body).toContain('autocomplete="current-password"')
    expect(page.body).toContain('Sallyport demo')
    expect(page.body).toContain('&quot;&gt;&lt;script&gt;')
    expect(page.body).not.toContain('<script')
  })

  test('A296: answers alike for an unknown user, a wrong, an empty and an endless password', async () => {
    const tries = [
      { username: 'alice', password: 'wrong' },
      { username: 'nobody', password: 'wrong' },
      { username: 'bob', password: '' },
      { username: 'carol', password: 'x'.repeat(5000) },
      { username: 'alice', password: `${alice.password}${'\0'}` },
    ]
    const seen = new Set<string>()
    for (const form of tries) {
      const { attempt, page } = await openSignIn()
      const answer = await attempt.browser.submit(page, form)
      expect(answer.body).toContain('role="alert"')
      expect(answer.body).toContain('The user name or password is incorrect.')
      seen.add(`${answer.status} ${stable(answer.body)}`)
    }
    expect(seen.size).toBe(1)
  })

  test('takes the right password after a wrong one, in the same page', async () => {
    const { attempt, page } = await openSignIn()
    const failed = await attempt.browser.submit(page, { ...bob, password: 'wrong' })
    expect(failed.status).toBe(422)
    const answer = await attempt.browser.submit(failed, { ...bob, username: ' BOB ' })
    expect((await redeem(attempt, answer)).claims()?.preferred_username).toBe('bob')
  })

  test('cancel tells the application', async () => {
    const { attempt, page } = await openSignIn()
    const answer = await attempt.browser.submit(page, { decision: 'cancel' })
    const target = new URL(String(answer.headers.location))
    expect(target.searchParams.get('error')).toBe('access_denied')
    expect(target.searchParams.get('state')).toBe(attempt.state)
    expect(target.searchParams.get('iss')).toBe(identity.issuer)
  })
})

describe('forms that are not genuine', () => {
  test('A304: without the token of the page, or from another site, nothing happens', async () => {
    const { attempt, page } = await openSignIn()
    const forged = await attempt.browser.submit(page, { ...alice, form_token: 'forged' })
    expect(forged.status).toBe(403)
    const token = /name="form_token" value="([^"]*)"/.exec(page.body)?.[1] ?? ''
    const form = { ...alice, form_token: token }
    const crossSite: Record<string, string>[] = [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site', origin: 'http://localhost:3000' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ]
    for (const headers of crossSite) {
      const answer = await attempt.browser.send(page.url, { method: 'POST', form, headers })
      expect(answer.status, JSON.stringify(headers)).toBe(403)
    }
    const headers = { 'sec-fetch-site': 'same-origin', origin: 'null' }
    const genuine = await attempt.browser.send(page.url, { method: 'POST', form, headers })
    expect(genuine.status).toBe(303)
    expect(identity.log.some(({ event }) => event === 'malicious_csrf')).toBe(true)
  })

  test('A304: an interaction opens in its own browser only, and so does what follows', async () => {
    const { attempt, page } = await openSignIn()
    const thief = openBrowser()
    expect((await thief.visit(page.url)).status).toBe(410)
    const stolen = await thief.submit(page, alice)
    expect(stolen.status).toBe(410)

    const token = /name="form_token" value="([^"]*)"/.exec(page.body)?.[1] ?? ''
    const form = { ...alice, form_token: token }
    const done = await attempt.browser.send(page.url, { method: 'POST', form })
    const resumed = await thief.visit(String(done.headers.location))
    expect(resumed.status).toBe(400)
    expect(resumed.headers.location).toBeUndefined()
    expect(resumed.body).toContain('This page is out of date')
    expect(resumed.body).toContain('Continue to Sallyport demo')
  })
})

describe('T23: pages that are out of date', () => {
  test('back after signing in: says so, and leads on', async () => {
    const { attempt, page } = await openSignIn()
    await attempt.browser.submit(page, alice)
    const back = await attempt.browser.visit(page.url)
    expect(back.status).toBe(410)
    expect(back.body).toContain('You are already signed in')
    expect(back.body).toContain('href="http://localhost:3000/"')
    const again = await attempt.browser.submit(page, alice)
    expect(again.status).toBe(410)
    expect(again.body).toContain('Continue to Sallyport demo')
  })

  test('a made-up interaction: a page, a way on, no stack trace', async () => {
    const stale = await openBrowser().visit(`${identity.issuer}/interaction/made-up?client=bff`)
    expect(stale.status).toBe(410)
    expect(stale.body).toContain('This page is out of date')
    expect(stale.body).toContain('href="http://localhost:3000/"')
    expect(stale.body).not.toMatch(/at .*\.(ts|js):\d+/)
    const partner = await openBrowser().visit(`${identity.issuer}/interaction/x?client=partner`)
    expect(partner.body).toContain('href="https://partner.example/start"')
    const nobody = await openBrowser().visit(`${identity.issuer}/interaction/made-up?client=x`)
    expect(nobody.status).toBe(410)
    expect(nobody.body).not.toContain('class="button"')
  })

  test('the form sent four times at once signs in, and each answer leads on', async () => {
    const { attempt, page } = await openSignIn()
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => attempt.browser.submit(page, alice)),
    )
    const left = answers.filter(({ headers }) => String(headers.location).startsWith(callbackUri))
    expect(left.length).toBeGreaterThanOrEqual(1)
    for (const { status, body } of answers) {
      expect(status).toBeLessThan(500)
      expect(status === 303 ? '' : body).toMatch(/^$|class="button"/)
    }
  })

  test('two tabs sign in side by side', async () => {
    const one = await beginSignIn(identity)
    const two = { ...(await beginSignIn(identity)), browser: one.browser }
    const firstPage = await one.browser.visit(one.url.href)
    const secondPage = await two.browser.visit(two.url.href)
    const second = await redeem(two, await two.browser.submit(secondPage, alice))
    expect(second.claims()?.preferred_username).toBe('alice')
    const first = await one.browser.submit(firstPage, alice)
    expect(first.status).toBeLessThan(500)
    expect(first.body.includes('class="button"') || first.status === 303).toBe(true)
  })
})
