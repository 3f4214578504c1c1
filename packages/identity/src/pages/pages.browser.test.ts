import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  alice,
  beginSignIn,
  type IdentityFixture,
  signedOutUri,
  startIdentity,
} from '../testing/identity-fixture.ts'

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

let identity: IdentityFixture
let application: Server
let browser: Browser
let redirectUri: string

beforeAll(async () => {
  // The application is another origin, that redirects on after its callback.
  application = createServer((req, res) => {
    if (req.url?.startsWith('/callback')) res.writeHead(303, { Location: '/home' }).end()
    else res.setHeader('Content-Type', 'text/html').end('<h1>The application</h1>')
  })
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(application.address() as AddressInfo).port}`
  redirectUri = `${origin}/callback`
  identity = await startIdentity((options) => ({
    ...options,
    clients: options.clients.map((one) =>
      one.clientId === 'partner' || one.clientId === 'bff'
        ? {
            ...one,
            redirectUris: [redirectUri],
            postLogoutRedirectUris: [signedOutUri, `${origin}/bye`],
          }
        : one,
    ),
  }))
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: flags })
})
afterAll(async () => {
  await browser.close()
  await identity.close()
  application.closeAllConnections()
  application.close()
})

/** A page, and what the browser's console says against it. */
async function open(javaScriptEnabled: boolean): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ javaScriptEnabled })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('status of 4')) {
      complaints.push(message.text())
    }
  })
  return { page, complaints }
}

const heading = (page: Page) => page.locator('h1').innerText()

test('T12: by keyboard alone, without JavaScript, through sign-in, consent and sign-out', async () => {
  const { page, complaints } = await open(false)
  const { url } = await beginSignIn(identity, 'partner', {
    scope: 'openid profile orders.read',
    resource: ['http://localhost:3011'],
    redirectUri,
  })
  await page.goto(url.href)
  await expect.poll(() => heading(page)).toBe('Sign in')
  await page.keyboard.type(alice.username)
  await page.keyboard.press('Tab')
  await page.keyboard.type('wrong')
  await page.keyboard.press('Enter')
  expect(await page.getByRole('alert').innerText()).toContain('incorrect')

  // The password has the focus now.
  await page.keyboard.type(alice.password)
  await page.keyboard.press('Enter')
  await expect.poll(() => heading(page)).toBe('Allow access?')
  await page.getByRole('button', { name: 'Allow' }).press('Enter')
  await page.waitForURL('**/home')
  await expect.poll(() => heading(page)).toBe('The application')

  await page.goto(`${identity.issuer}/sign-out?client_id=partner`)
  await expect.poll(() => heading(page)).toBe('Sign out?')
  await page.keyboard.press('Enter')
  await expect.poll(() => heading(page)).toBe('You are signed out')
  expect(complaints).toEqual([])
})

test('T23: back after signing in leads on', async () => {
  const { page, complaints } = await open(true)
  const { url } = await beginSignIn(identity, 'bff', { redirectUri })
  await page.goto(url.href)
  await page.getByLabel('User name').fill(alice.username)
  await page.getByLabel('Password').fill(alice.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL('**/home')
  await page.goBack()
  await expect.poll(() => heading(page)).toBe('You are already signed in')
  const link = page.getByRole('link', { name: 'Continue to Sallyport demo' })
  expect(await link.getAttribute('href')).toBe(`${new URL(redirectUri).origin}/`)
  expect(complaints).toEqual([])
})

test('T11: response_mode=form_post submits itself under the policy', async () => {
  const { page, complaints } = await open(true)
  const extra = { response_mode: 'form_post' }
  const { url } = await beginSignIn(identity, 'bff', { redirectUri, extra })
  await page.goto(url.href)
  await page.getByLabel('User name').fill(alice.username)
  await page.getByLabel('Password').fill(alice.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL('**/home')
  expect(complaints).toEqual([])
})

test('a page in another site’s frame stays empty', async () => {
  const { page } = await open(true)
  await page.goto(redirectUri.replace('/callback', '/home'))
  await page.evaluate((target) => {
    const frame = document.createElement('iframe')
    frame.src = target
    document.body.append(frame)
  }, `${identity.issuer}/sign-out`)
  const frame = await page.locator('iframe').elementHandle()
  const content = await frame?.contentFrame()
  await content?.waitForLoadState()
  expect(content?.url()).toContain('chrome-error:')
})
