import { createHash } from 'node:crypto'
import type { Bff } from '@sallyport/bff'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ask, comeBack, ownFrame, page, sessionCookies, signInAt } from '../world/direct-bff.ts'
import { createScriptedBff } from '../world/scripted-bff.ts'
import { createScriptedIssuer, type ScriptedIssuer } from '../world/scripted-issuer.ts'

const app = 'http://localhost:3000'
const path = '/bff/silent-login'

let issuer: ScriptedIssuer
beforeAll(async () => {
  issuer = await createScriptedIssuer()
})
afterAll(() => issuer.close())
afterEach(() => issuer.reset())

type Answer = Awaited<ReturnType<typeof ask>>

const cookieOf = (setCookies: readonly string[]) => [
  'cookie',
  setCookies.map((text) => text.split(';')[0]).join('; '),
]
const tokenCalls = () => issuer.requests.filter((one) => one === '/token').length

/** A frame that is at the issuer now, and the answer it will bring back. */
async function begin(bff: Bff, response: object = { code: 'good' }) {
  const { location, setCookies, status } = await ask(bff, path, ownFrame)
  expect(status).toBe(303)
  issuer.authorize(location)
  const asked = new URL(location).searchParams
  const state = asked.get('state') as string
  const query = new URLSearchParams({ ...response, state, iss: issuer.url })
  const callback = `/bff/callback?${query}`
  return { asked, setCookies, callback, query, cookie: cookieOf(setCookies) }
}

/** What the page around a frame is told; also that nobody else is told, and nothing else runs. */
function toldBy(answer: Answer): boolean {
  const headers = new Map<string, string>()
  for (let i = 0; i < answer.headers.length; i += 2) {
    headers.set(answer.headers[i] as string, answer.headers[i + 1] as string)
  }
  const [, attributes = '', script = ''] =
    /<script([^>]*)>([\s\S]*?)<\/script>/.exec(answer.body) ?? []
  const hash = createHash('sha256').update(script).digest('base64')
  expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('content-security-policy')).toBe(
    `default-src 'none'; frame-ancestors ${app}; script-src 'sha256-${hash}'`,
  )
  expect(answer.body.match(/<script/g)).toHaveLength(1)

  const told: unknown[][] = []
  const window = { parent: { postMessage: (...message: unknown[]) => told.push(message) } }
  const dataset = {
    isLoggedIn: /data-is-logged-in="(\w+)"/.exec(attributes)?.[1],
    origin: /data-origin="([^"]*)"/.exec(attributes)?.[1],
  }
  new Function('document', 'window', script)({ currentScript: { dataset } }, window)
  expect(told).toHaveLength(1)
  const [[message, target]] = told as [[{ source: string; isLoggedIn: boolean }, string]]
  // A146: to this very origin, never to whoever is around.
  expect(target).toBe(app)
  expect(message.source).toBe('bff-silent-login')
  return message.isLoggedIn
}

describe('a silent sign-in', () => {
  test('asks nobody, starts a session, and tells the page around it', async () => {
    const { bff } = createScriptedBff(issuer.url)
    const { asked, setCookies, query } = await begin(bff)
    expect(asked.get('prompt')).toBe('none')
    const answer = await comeBack(bff, setCookies, query, ownFrame)
    expect([answer.status, toldBy(answer)]).toEqual([200, true])
    expect(sessionCookies(answer.setCookies)).toHaveLength(1)
    expect(answer.setCookies.join()).toMatch(/\.tx\.[^,]*Max-Age=0/)
    expect(answer.setCookies.join()).toContain('__Secure-bff.hint=')

    const again = await ask(bff, path, [...ownFrame, ...cookieOf(answer.setCookies)])
    expect([again.status, toldBy(again)]).toEqual([200, true])
    expect(tokenCalls()).toBe(1)
  })

  test.each([
    ['login_required', 200],
    ['consent_required', 200],
    ['access_denied', 200],
    ['server_error', 200],
  ])('that the issuer answers with %s starts none', async (error, status) => {
    const { bff } = createScriptedBff(issuer.url)
    const { setCookies, query } = await begin(bff, { error })
    const answer = await comeBack(bff, setCookies, query, ownFrame)
    expect([answer.status, toldBy(answer)]).toEqual([status, false])
    expect(sessionCookies(answer.setCookies)).toEqual([])
    expect(answer.setCookies.join()).toMatch(/\.tx\.[^,]*Max-Age=0/)
    expect(tokenCalls()).toBe(0)
  })

  test.each([
    ['refuses the code', { status: 400, body: '{"error":"invalid_grant"}' }, 401],
    ['refuses the client', { status: 401, body: '{"error":"invalid_client"}' }, 502],
    ['is overloaded', { status: 503, body: '{}' }, 503],
    ['talks nonsense', { body: '[]' }, 502],
  ])('whose issuer %s tells the page, too', async (_what, tokenAnswer, status) => {
    issuer.answer = tokenAnswer
    const { bff } = createScriptedBff(issuer.url)
    const { setCookies, query } = await begin(bff)
    const answer = await comeBack(bff, setCookies, query, ownFrame)
    expect([answer.status, toldBy(answer)]).toEqual([status, false])
    expect(sessionCookies(answer.setCookies)).toEqual([])
  })

  test('whose issuer does not answer in time tells the page', async () => {
    issuer.answers['/token'] = () => new Promise(() => {})
    const { bff } = createScriptedBff(issuer.url, { issuerTimeout: 1 })
    const { setCookies, query } = await begin(bff)
    const answer = await comeBack(bff, setCookies, query, ownFrame)
    expect([answer.status, toldBy(answer)]).toEqual([503, false])
  })

  test('whose issuer is not there tells the page at once', async () => {
    const { bff } = createScriptedBff('http://localhost:9')
    const answer = await ask(bff, path, ownFrame)
    expect([answer.status, toldBy(answer)]).toEqual([503, false])
    expect(answer.setCookies).toEqual([])
  })

  test('whose signed answer cannot be verified tells the page', async () => {
    issuer.metadata = { authorization_signing_alg_values_supported: ['ES256'] }
    issuer.answers['/jwks'] = () => ({ status: 503, body: '' })
    const { bff } = createScriptedBff(issuer.url, { responseMode: 'query.jwt' })
    const { setCookies, query } = await begin(bff)
    const claims = { iss: issuer.url, aud: 'bff', exp: Math.floor(Date.now() / 1000) + 60 }
    const jwt = await issuer.sign({ ...claims, code: 'good', state: query.get('state') })
    const response = new URLSearchParams({ response: jwt })
    const answer = await comeBack(bff, setCookies, response, ownFrame)
    expect([answer.status, toldBy(answer)]).toEqual([400, false])
  })

  test('A013, A017, A018: is verified as any other', async () => {
    const { bff } = createScriptedBff(issuer.url)
    issuer.claims = { nonce: 'another' }
    const forged = await begin(bff)
    expect(toldBy(await comeBack(bff, forged.setCookies, forged.query, ownFrame))).toBe(false)
    issuer.claims = {}
    for (const iss of ['https://evil.example', undefined]) {
      const mixed = await begin(bff)
      if (iss) mixed.query.set('iss', iss)
      else mixed.query.delete('iss')
      issuer.requests.length = 0
      const answer = await comeBack(bff, mixed.setCookies, mixed.query, ownFrame)
      expect([answer.status, toldBy(answer)]).toEqual([400, false])
      expect(sessionCookies(answer.setCookies)).toEqual([])
      expect(tokenCalls()).toBe(0)
    }
  })

  test('A001, A005: without its transaction, or a second time, starts nothing', async () => {
    const { bff } = createScriptedBff(issuer.url)
    const { callback, cookie } = await begin(bff)
    const stranger = await ask(bff, callback, ownFrame)
    expect([stranger.status, toldBy(stranger)]).toEqual([400, false])
    expect(tokenCalls()).toBe(0)
    expect(toldBy(await ask(bff, callback, [...ownFrame, ...cookie]))).toBe(true)
    const replayed = await ask(bff, callback, [...ownFrame, ...cookie])
    expect([replayed.status, toldBy(replayed)]).toEqual([400, false])
    expect(tokenCalls()).toBe(1)
  })

  test('ends where it began: in no page, and a page’s in no frame', async () => {
    const { bff } = createScriptedBff(issuer.url)
    const silent = await begin(bff)
    const asPage = await ask(bff, silent.callback, [...page, ...silent.cookie])
    expect([asPage.status, toldBy(asPage)]).toEqual([403, false])
    expect(toldBy(await ask(bff, silent.callback, [...ownFrame, ...silent.cookie]))).toBe(true)

    const login = await ask(bff, '/bff/login')
    const state = new URL(login.location).searchParams.get('state') as string
    issuer.authorize(login.location)
    const query = new URLSearchParams({ code: 'good', state, iss: issuer.url })
    const framed = await comeBack(bff, login.setCookies, query, ownFrame)
    expect([framed.status, toldBy(framed)]).toEqual([403, false])
    expect((await comeBack(bff, login.setCookies, query)).status).toBe(303)
  })

  test('of a browser that does not say what it loads ends in its frame as well', async () => {
    const { bff } = createScriptedBff(issuer.url)
    const login = await ask(bff, path, ['accept', 'text/html', 'referer', `${app}/orders`])
    issuer.authorize(login.location)
    const state = new URL(login.location).searchParams.get('state') as string
    const query = new URLSearchParams({ code: 'good', state, iss: issuer.url })
    expect(toldBy(await comeBack(bff, login.setCookies, query, ['accept', 'text/html']))).toBe(true)
  })

  test('lets a session be that began meanwhile, in another tab', async () => {
    const { bff } = createScriptedBff(issuer.url)
    const silent = await begin(bff)
    const { setCookies } = await signInAt({ bff, issuer })
    const both = cookieOf([...silent.setCookies, ...sessionCookies(setCookies)])
    const answer = await ask(bff, silent.callback, [...ownFrame, ...both])
    expect(toldBy(answer)).toBe(true)
    expect(sessionCookies(answer.setCookies)).toEqual([])
    expect(tokenCalls()).toBe(1)
  })

  test('never signs in again who signed out here, before it or meanwhile', async () => {
    const { bff } = createScriptedBff(issuer.url)
    const signedOut = ['cookie', '__Host-Http-bff.signed-out=1']
    const answer = await ask(bff, path, [...ownFrame, ...signedOut])
    expect([answer.status, toldBy(answer)]).toEqual([200, false])
    const { callback, cookie } = await begin(bff)
    const late = await ask(bff, callback, [...ownFrame, ...cookie, ...signedOut])
    expect([late.status, toldBy(late)]).toEqual([200, false])
    expect(tokenCalls()).toBe(0)
  })

  test.each<[string, number, string[]]>([
    ['another site', 403, ['sec-fetch-site', 'cross-site', 'sec-fetch-dest', 'iframe']],
    ['a sibling', 403, ['sec-fetch-site', 'same-site', 'sec-fetch-dest', 'iframe']],
    ['a page of another', 403, ['referer', 'https://evil.example/']],
    ['a link', 403, ['sec-fetch-site', 'same-origin', 'sec-fetch-dest', 'document']],
    ['a script', 403, ['sec-fetch-site', 'same-origin', 'sec-fetch-mode', 'cors']],
    ['a plugin', 403, ['sec-fetch-site', 'same-origin', 'sec-fetch-dest', 'embed']],
    ['a guess', 403, ['sec-fetch-site', 'same-origin', 'sec-purpose', 'prefetch']],
  ])('A029, A140: is not begun by %s', async (_who, status, headers) => {
    const { bff } = createScriptedBff(issuer.url)
    const answer = await ask(bff, path, headers)
    expect(answer.status).toBe(status)
    expect(answer.setCookies).toEqual([])
    expect(answer.headers.join()).toContain("frame-ancestors 'none'")
    expect(issuer.requests).toEqual([])
  })
})
