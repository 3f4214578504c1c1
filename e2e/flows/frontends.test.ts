import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecret, randomToken } from '@sallyport/core'
import { createGateway, type FrontendsGatewayOptions, type Gateway } from '@sallyport/gateway'
import { createTelemetry } from '@sallyport/telemetry'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { type Browser, createBrowser } from '../world/browser.ts'
import { createScriptedIssuer, type ScriptedIssuer } from '../world/scripted-issuer.ts'
import { sessionStoreOf } from '../world/session-store.ts'

let folder: string
let issuers: Record<'a' | 'b', ScriptedIssuer>
let gateway: Gateway
let options: FrontendsGatewayOptions

const secret = randomToken()
const sealKeys = [{ kid: 'k1', key: createSecret(randomToken()) }]

/** Two frontends of one host, with pages of their own. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-frontends-'))
  issuers = { a: await createScriptedIssuer(), b: await createScriptedIssuer() }
  const frontends = [await frontend('/a', issuers.a), await frontend('/b', issuers.a)]
  options = { listen: { port: 0 }, store: sessionStoreOf(join(folder, 'sessions')), frontends }
  gateway = await createGateway(options, {
    telemetry: createTelemetry({ service: 'gateway', level: 'silent' }),
  })
})

afterEach(async () => {
  await gateway.close(1)
  await issuers.a.close()
  await issuers.b.close()
  await rm(folder, { recursive: true, force: true })
})

async function frontend(basePath: string, issuer: ScriptedIssuer) {
  const webFolder = join(folder, `web${basePath}`)
  await mkdir(webFolder, { recursive: true })
  await writeFile(join(webFolder, 'index.html'), `the page of ${basePath}`)
  const bff = {
    publicUrl: `https://app.example${basePath}`,
    ...{ issuer: issuer.url, clientId: 'bff', clientAuthentication: { secret }, sealKeys },
    session: { mode: inject('sessionMode') },
  }
  return { bff, webFolder }
}

/** What a TLS proxy in front would pass on for a URL of the application. */
const via = (path: string) => `http://localhost:${gateway.port}${path}`
const host = ['host', 'app.example']
const page = [...host, 'sec-fetch-mode', 'navigate', 'accept', 'text/html']

async function login(browser: Browser, basePath: string): Promise<URL> {
  const answer = await browser.ask(via(`${basePath}/bff/login`), { headers: page })
  return new URL(answer.header('location') ?? '')
}

/** The issuer's answer to a sign-in that was started, brought to one of the frontends. */
function comeBack(browser: Browser, place: { basePath: string; started: URL; iss: string }) {
  const { basePath, started, iss } = place
  const state = started.searchParams.get('state') as string
  const query = new URLSearchParams({ code: 'good', state, iss })
  return browser.ask(via(`${basePath}/bff/callback?${query}`), { headers: page })
}

async function signIn(browser: Browser, basePath: string, issuer = issuers.a) {
  const started = await login(browser, basePath)
  issuer.authorize(started.href)
  return comeBack(browser, { basePath, started, iss: issuer.url })
}

async function isSignedIn(browser: Browser, basePath: string) {
  const answer = await browser.call(via(`${basePath}/bff/user`), { headers: host })
  return answer.status === 200
}

test('each frontend has its own page and its own place to come back to', async () => {
  const browser = createBrowser()
  for (const basePath of ['/a', '/b']) {
    const answer = await browser.ask(via(`${basePath}/orders`), { headers: page })
    expect(answer.text).toBe(`the page of ${basePath}`)
    const redirectUri = (await login(browser, basePath)).searchParams.get('redirect_uri')
    expect(redirectUri).toBe(`https://app.example${basePath}/bff/callback`)
  }
  const other = await browser.ask(via('/a/'), { headers: ['host', 'evil.example'] })
  expect(other.status).toBe(421)
})

test('A302: a session of one frontend opens nothing at another, under no name', async () => {
  const browser = createBrowser()
  expect((await signIn(browser, '/a')).status).toBe(303)
  expect([await isSignedIn(browser, '/a'), await isSignedIn(browser, '/b')]).toEqual([true, false])
  const renamed = createBrowser()
  renamed.cookies.set('__Host-Http-bff!b', browser.cookies.get('__Host-Http-bff!a') as string)
  expect(await isSignedIn(renamed, '/b')).toBe(false)
})

test('A302: a sign-out at one frontend ends nothing at another; the issuer’s ends both', async () => {
  issuers.a.claims = { sid: 'session-1' }
  const browser = createBrowser()
  await signIn(browser, '/a')
  await signIn(browser, '/b')
  const signedOut = await browser.ask(via('/a/bff/logout'), {
    method: 'POST',
    headers: [...host, 'x-csrf', '1', 'origin', 'https://app.example'],
  })
  expect(signedOut.status).toBe(200)
  expect([await isSignedIn(browser, '/a'), await isSignedIn(browser, '/b')]).toEqual([false, true])

  await signIn(browser, '/a')
  const now = Math.floor(Date.now() / 1000)
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
  const claims = { iss: issuers.a.url, aud: 'bff', sid: 'session-1', events }
  const logoutToken = await issuers.a.sign(
    { ...claims, iat: now, exp: now + 60, jti: randomToken() },
    { typ: 'logout+jwt' },
  )
  const answer = await createBrowser().ask(via('/a/bff/backchannel'), {
    method: 'POST',
    headers: [...host, 'content-type', 'application/x-www-form-urlencoded'],
    body: `logout_token=${logoutToken}`,
  })
  expect(answer.status).toBe(200)
  expect([await isSignedIn(browser, '/a'), await isSignedIn(browser, '/b')]).toEqual([false, false])
})

test('A017, A020: what was started at one issuer is not finished at the frontend of another', async () => {
  gateway.reload({
    ...options,
    frontends: [await frontend('/a', issuers.a), await frontend('/b', issuers.b)],
  })
  const browser = createBrowser()
  const started = await login(browser, '/a')
  issuers.a.authorize(started.href)
  issuers.b.authorize(started.href)
  for (const iss of [issuers.a.url, issuers.b.url]) {
    expect((await comeBack(browser, { basePath: '/b', started, iss })).status).toBe(400)
  }
  const mixedUp = await comeBack(browser, { basePath: '/a', started, iss: issuers.b.url })
  expect(mixedUp.status).not.toBe(303)
  expect(issuers.a.requests).not.toContain('/token')
  expect(issuers.b.requests).not.toContain('/token')
  expect((await signIn(browser, '/b', issuers.b)).status).toBe(303)
})

test('a reload changes frontends under running sessions, and a broken one changes nothing', async () => {
  const browser = createBrowser()
  await signIn(browser, '/a')
  const a = await frontend('/a', issuers.a)
  const changed = { ...a, bff: { ...a.bff, session: { ...a.bff.session, idleTimeout: 600 } } }
  gateway.reload({ ...options, frontends: [changed, await frontend('/c', issuers.a)] })
  expect(await isSignedIn(browser, '/a')).toBe(true)
  expect((await browser.ask(via('/b/'), { headers: page })).status).toBe(404)
  expect((await browser.ask(via('/c/'), { headers: page })).text).toBe('the page of /c')

  const noPage = { ...a, webFolder: join(folder, 'nothing') }
  expect(() => gateway.reload({ ...options, frontends: [noPage] })).toThrow('no index.html')
  expect(() => gateway.reload({ ...options, listen: { port: 1 } })).toThrow('listen: cannot change')
  expect((await browser.ask(via('/c/'), { headers: page })).text).toBe('the page of /c')
})

test('a frontend that goes to another issuer does not take sessions there', async () => {
  const browser = createBrowser()
  await signIn(browser, '/a')
  gateway.reload({ ...options, frontends: [await frontend('/a', issuers.b)] })
  expect(await isSignedIn(browser, '/a')).toBe(false)
  expect(issuers.b.requests).not.toContain('/token')
})
