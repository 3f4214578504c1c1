import { createSecret, randomToken } from '@sallyport/core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Browser, createBrowser } from '../world/browser.ts'
import { eventually } from '../world/eventually.ts'
import {
  createScriptedTransmitter,
  type ScriptedTransmitter,
} from '../world/scripted-transmitter.ts'
import { createWorld, type World } from '../world/world.ts'

const caep = 'https://schemas.openid.net/secevent/caep/event-type'
const risc = 'https://schemas.openid.net/secevent/risc/event-type'
const ssf = 'https://schemas.openid.net/secevent/ssf/event-type'
const revoked = { [`${caep}/session-revoked`]: {} }
const secret = randomToken()

let transmitter: ScriptedTransmitter
let world: World
let browser: Browser
let subject: Record<string, unknown>
beforeAll(async () => {
  transmitter = await createScriptedTransmitter()
  const signals = {
    issuer: transmitter.url,
    audience: 'bff',
    push: { authorization: createSecret(secret) },
  }
  world = await createWorld({
    gateway: (options) => ({ ...options, bff: { ...options.bff, signals } }),
  })
})
afterAll(async () => {
  await world.close()
  await transmitter.close()
})
beforeEach(async () => {
  transmitter.reset()
  browser = await world.signIn()
  subject = { format: 'iss_sub', iss: world.issuer, sub: await subjectOf(browser) }
})

async function subjectOf(one: Browser): Promise<unknown> {
  const answer = await one.call(`${world.app}/bff/user`)
  const claims = answer.json<{ type: string; value: unknown }[]>()
  return claims.find(({ type }) => type === 'sub')?.value
}

const isSignedIn = async (one: Browser) => (await one.call(`${world.app}/bff/user`)).status === 200

const revocations = () => world.issuerRequests.filter((one) => one === 'POST /revoke').length

const headers = ['content-type', 'application/secevent+jwt', 'authorization', `Bearer ${secret}`]

const post = (body: string, sent = headers) =>
  createBrowser().ask(`${world.app}/bff/signals`, { method: 'POST', body, headers: sent })

const deliver = async (claims = {}, header = {}) =>
  post(await transmitter.sign({ sub_id: subject, events: revoked, ...claims }, header))

describe('an event that is pushed', () => {
  const past = Math.floor(Date.now() / 1000) - 3600
  test.each([
    ['session-revoked', revoked],
    ['credential-change', { [`${caep}/credential-change`]: { change_type: 'update' } }],
    ['account-disabled', { [`${risc}/account-disabled`]: {} }],
    ['account-purged', { [`${risc}/account-purged`]: {} }],
    ['sessions-revoked', { [`${risc}/sessions-revoked`]: {} }],
  ])('%s ends the sessions of its subject, and of nobody else', async (_what, events) => {
    const [second, bob] = [await world.signIn(), await world.signIn(createBrowser(), 'bob')]
    const before = revocations()
    const answer = await deliver({ events })
    expect(answer.status).toBe(202)
    expect(answer.text).toBe('')
    expect(await Promise.all([browser, second, bob].map(isSignedIn))).toEqual([false, false, true])
    await eventually(() => revocations() - before).toBeGreaterThanOrEqual(4)
  })

  test.each([
    ['a verification', { [`${ssf}/verification`]: { state: 'x' } }],
    ['a change of the stream', { [`${ssf}/stream-updated`]: { status: 'paused' } }],
    ['of a type that is not known', { 'https://other.example/event': {} }],
    ['named like a member of every object', { constructor: {} }],
    ['a credential that was added', { [`${caep}/credential-change`]: { change_type: 'create' } }],
    ['older than the sign-in', { [`${caep}/session-revoked`]: { event_timestamp: past } }],
  ])('%s is accepted and ends nothing', async (_what, events) => {
    expect((await deliver({ events, sub_id: subject })).status).toBe(202)
    expect(await isSignedIn(browser)).toBe(true)
  })

  test('again is accepted, and lets be who signed in since it happened', async () => {
    const iat = Math.floor(Date.now() / 1000)
    const set = await transmitter.sign({ iat: iat - 1, sub_id: subject, events: revoked })
    await expect.poll(() => Math.floor(Date.now() / 1000)).toBeGreaterThan(iat)
    const fresh = await world.signIn()
    expect((await post(set)).status).toBe(202)
    await world.restartGateway()
    expect((await post(set)).status).toBe(202)
    expect(await isSignedIn(fresh)).toBe(true)
    expect(world.logLines.join('')).toContain('"event":"signal_repeated"')
  })

  test('is in the log without what it says', async () => {
    world.logLines.length = 0
    await deliver({ txn: 'planted-txn' })
    const lines = world.logLines.filter((line) => line.includes('shared_signals'))
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] as string)).toMatchObject({
      ...{ event: 'session_revoked', reason: 'shared_signals', signal: 'session-revoked' },
    })
    expect(world.logLines.join('')).not.toMatch(/planted-txn|eyJ[\w-]{10}/)
  })
})

describe('a security event token', () => {
  const now = Math.floor(Date.now() / 1000)
  const email = { format: 'email', email: 'alice@example.com' }
  test.each([
    ['of another issuer', { iss: 'https://other.example' }, 'invalid_issuer'],
    ['without an issuer', { iss: undefined }, 'invalid_issuer'],
    ['for another audience', { aud: 'other' }, 'invalid_audience'],
    ['without an audience', { aud: undefined }, 'invalid_audience'],
    ['without jti', { jti: undefined }, 'invalid_request'],
    ['with an empty jti', { jti: '' }, 'invalid_request'],
    ['without iat', { iat: undefined }, 'invalid_request'],
    ['from the future', { iat: now + 3600 }, 'invalid_request'],
    ['older than any session', { iat: now - 30_000 }, 'invalid_request'],
    ['with a nonce', { nonce: 'x' }, 'invalid_request'],
    ['with a sub', { sub: 'alice' }, 'invalid_request'],
    ['with an exp', { exp: now + 300 }, 'invalid_request'],
    ['without events', { events: undefined }, 'invalid_request'],
    ['with no event', { events: {} }, 'invalid_request'],
    ['with a list of events', { events: [`${caep}/session-revoked`] }, 'invalid_request'],
    ['with an event that is no object', { events: { x: true } }, 'invalid_request'],
    ['without subject', { sub_id: undefined }, 'invalid_request'],
    ['of an e-mail address', { sub_id: email }, 'invalid_request'],
    ['of an unknown format', { sub_id: { format: 'x', id: 'y' } }, 'invalid_request'],
    [
      'of somebody at another issuer',
      { sub_id: { format: 'iss_sub', iss: 'https://other.example', sub: 'alice' } },
      'invalid_request',
    ],
    [
      'of an event to come',
      { events: { [`${caep}/session-revoked`]: { event_timestamp: now + 3600 } } },
      'invalid_request',
    ],
    [
      'of an event in milliseconds',
      { events: { [`${caep}/session-revoked`]: { event_timestamp: now * 1000 } } },
      'invalid_request',
    ],
  ])('%s is refused, and nobody is signed out', async (_what, claims, err) => {
    const answer = await deliver(claims)
    expect(answer.status).toBe(400)
    expect(answer.header('content-language')).toBe('en')
    expect(answer.json()).toEqual({ err, description: expect.any(String) })
    expect(await isSignedIn(browser)).toBe(true)
  })

  test.each([['JWT'], ['logout+jwt'], ['at+jwt'], [undefined]])(
    'of type %s is refused',
    async (typ) => {
      const answer = await deliver({}, { typ })
      expect(answer.json<{ err: string }>().err).toBe('invalid_request')
      expect(await isSignedIn(browser)).toBe(true)
    },
  )

  test('signed by a stranger, by an unknown key or not at all is refused', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = { iss: transmitter.url, aud: 'bff', iat: now, jti: 'j', events: revoked }
    const payload = part({ ...claims, sub_id: subject })
    const unknownKey = await deliver({}, { kid: 'unknown' })
    transmitter.forgesSignature = true
    const answers = [
      await deliver(),
      unknownKey,
      await post(`${part({ alg: 'none', typ: 'secevent+jwt' })}.${payload}.`),
      await post(`${part({ alg: 'HS256', typ: 'secevent+jwt', kid: 't1' })}.${payload}.AAAA`),
    ]
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400])
    const errs = answers.map((answer) => answer.json<{ err: string }>().err)
    expect(new Set(errs)).toEqual(new Set(['invalid_key']))
    expect(await isSignedIn(browser)).toBe(true)
  })
})

describe('the signals endpoint', () => {
  test('takes one SET by POST, of this type, from who knows the Authorization', async () => {
    const set = await transmitter.sign({ sub_id: subject, events: revoked })
    const type = headers.slice(0, 2)
    const answers = await Promise.all([
      createBrowser().ask(`${world.app}/bff/signals`, { headers }),
      post(set, ['content-type', 'application/jwt', ...headers.slice(2)]),
      post('', headers),
      post('a'.repeat(100_000), headers),
      post(set, [...headers, 'sec-fetch-site', 'same-origin']),
      post(set, [...headers, 'origin', world.app]),
    ])
    expect(answers.map(({ status }) => status)).toEqual([405, 400, 400, 413, 403, 403])
    const strangers = await Promise.all([
      post(set, type),
      post(set, [...type, 'authorization', `Bearer ${randomToken()}`]),
      post(set, [...type, 'authorization', `Basic ${secret}`]),
      post(set, [...type, 'authorization', `Bearer ${secret}x`]),
    ])
    for (const answer of strangers) {
      expect(answer.status).toBe(400)
      expect(answer.json()).toMatchObject({ err: 'authentication_failed' })
    }
    expect(await isSignedIn(browser)).toBe(true)
  })

  test('is not there where no events are pushed', async () => {
    const other = await createWorld()
    const answer = await createBrowser().ask(`${other.app}/bff/signals`, {
      ...{ method: 'POST', body: 'x', headers },
    })
    await other.close()
    expect(answer.status).toBe(404)
  })
})
