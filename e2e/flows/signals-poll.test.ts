import { type Bff, createBff } from '@sallyport/bff'
import { createSecret, randomToken } from '@sallyport/core'
import { createMemoryStore } from '@sallyport/session/memory'
import { createTelemetry } from '@sallyport/telemetry'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Browser, createBrowser } from '../world/browser.ts'
import { eventually } from '../world/eventually.ts'
import { createScriptedIssuer, type ScriptedIssuer } from '../world/scripted-issuer.ts'
import {
  createScriptedTransmitter,
  type ScriptedTransmitter,
} from '../world/scripted-transmitter.ts'
import { createWorld, type World } from '../world/world.ts'

const revoked = { 'https://schemas.openid.net/secevent/caep/event-type/session-revoked': {} }
const secret = randomToken()

let transmitter: ScriptedTransmitter
let world: World
let browser: Browser
let subject: Record<string, unknown>
beforeAll(async () => {
  transmitter = await createScriptedTransmitter()
  const poll = { endpointUrl: `${transmitter.url}/poll`, authorization: createSecret(secret) }
  const signals = { issuer: transmitter.url, audience: 'bff', poll: { ...poll, interval: 1 } }
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
  const answer = await browser.call(`${world.app}/bff/user`)
  const claims = answer.json<{ type: string; value: unknown }[]>()
  const sub = claims.find(({ type }) => type === 'sub')?.value
  subject = { format: 'iss_sub', iss: world.issuer, sub }
})

const isSignedIn = async (one: Browser) => (await one.call(`${world.app}/bff/user`)).status === 200

async function enqueue(jti: string, claims = {}): Promise<void> {
  const set = await transmitter.sign({ jti, sub_id: subject, events: revoked, ...claims })
  transmitter.queue.set(jti, set)
}

const acknowledged = () => transmitter.polls.flatMap(({ ack }) => ack)

describe('events that are polled for', () => {
  test('end sessions, and are acknowledged when these are gone', async () => {
    const bob = await world.signIn(createBrowser(), 'bob')
    await enqueue('one')
    await eventually(acknowledged).toEqual(['one'])
    expect(await Promise.all([browser, bob].map(isSignedIn))).toEqual([false, true])
    expect(transmitter.polls[0]).toMatchObject({
      ...{ authorization: `Bearer ${secret}`, returnImmediately: true, maxEvents: 15 },
    })
  })

  test('and refused are reported with the reason, and the others are carried out', async () => {
    await enqueue('forged', { aud: 'other' })
    transmitter.queue.set('renamed', await transmitter.sign({ sub_id: subject, events: revoked }))
    await enqueue('good')
    await eventually(acknowledged).toEqual(['good'])
    const errors = Object.assign({}, ...transmitter.polls.map(({ setErrs }) => setErrs))
    expect(errors).toMatchObject({
      forged: { err: 'invalid_audience' },
      renamed: { err: 'invalid_request' },
    })
    expect(Object.keys(errors)).not.toContain('good')
    expect(await isSignedIn(browser)).toBe(false)
  })

  test('are had when the transmitter is back, which meanwhile is asked ever less often', async () => {
    transmitter.isDown = true
    transmitter.requests.length = 0
    const startedAt = performance.now()
    await enqueue('late')
    await eventually(() => transmitter.requests.length).toBeGreaterThanOrEqual(3)
    // One second after the first failure and two after the second, less jitter.
    expect(performance.now() - startedAt).toBeGreaterThan(2000)
    expect(await isSignedIn(browser)).toBe(true)
    transmitter.isDown = false
    await eventually(acknowledged).toEqual(['late'])
    expect(await isSignedIn(browser)).toBe(false)
  })

  test.each([
    ['no JSON', '<html>'],
    ['no sets', '{}'],
    ['sets of something else', '{"sets":{"a":7}}'],
    ['more than anybody reads', JSON.stringify({ sets: { a: 'x'.repeat(2_000_000) } })],
  ])('in an answer with %s do no harm', async (_what, answer) => {
    transmitter.pollAnswer = answer
    world.logLines.length = 0
    await eventually(() => world.logLines.join('')).toContain('signal_poll_failed')
    transmitter.pollAnswer = undefined
    await enqueue('after')
    await eventually(acknowledged).toEqual(['after'])
    expect(await isSignedIn(browser)).toBe(false)
  })
})

describe('a BFF of its own', () => {
  // The world's would take what is there for this one.
  beforeAll(() => world.gateway.bffs[0]?.close())
  let issuer: ScriptedIssuer
  beforeAll(async () => {
    issuer = await createScriptedIssuer()
  })
  afterAll(() => issuer.close())

  function createOwnBff(poll: { interval?: number; longPoll?: number }) {
    const store = createMemoryStore()
    const bff = createBff(
      {
        publicUrl: 'http://localhost:3000',
        ...{ issuer: issuer.url, clientId: 'bff' },
        clientAuthentication: { secret: randomToken() },
        sealKeys: [{ kid: 'k1', key: createSecret(randomToken()) }],
        signals: {
          ...{ issuer: transmitter.url, audience: 'bff', push: {} },
          poll: { endpointUrl: `${transmitter.url}/poll`, ...poll },
        },
      },
      { store, telemetry: createTelemetry({ service: 'bff', level: 'silent' }) },
    )
    return { bff, store }
  }

  /** Polls by a BFF of its own: the world's has another Authorization. */
  const polls = () => transmitter.polls.filter((one) => one.authorization === undefined)

  test('whose transmitter holds a poll is told at once, and closes at once', async () => {
    transmitter.holdsPolls = true
    const { bff } = createOwnBff({ longPoll: 300 })
    await eventually(polls).toHaveLength(1)
    expect(polls()[0]?.returnImmediately).toBe(false)
    await bff.close()
    expect(polls()).toHaveLength(1)
  })

  const aliceThere = () => ({ format: 'iss_sub', iss: issuer.url, sub: 'alice' })

  async function push(bff: Bff) {
    const decision = await bff.decide({
      ...{ method: 'POST', target: '/bff/signals', remoteAddress: '127.0.0.1' },
      headers: ['host', 'localhost:3000', 'content-type', 'application/secevent+jwt'],
    })
    if (decision.kind !== 'read') throw new Error('the SET must be read')
    return decision.decide(await transmitter.sign({ sub_id: aliceThere(), events: revoked }))
  }

  test('whose store fails answers 503 with Retry-After, so that it is delivered again', async () => {
    const { bff, store } = createOwnBff({ interval: 3600 })
    expect((await push(bff)).status).toBe(202)
    await store.close()
    const answer = await push(bff)
    await bff.close()
    expect(answer.status).toBe(503)
    expect(answer.headers).toContain('retry-after')
  })

  test('that does not get the keys asks for another delivery too', async () => {
    transmitter.metadata = { issuer: 'https://other.example' }
    const { bff } = createOwnBff({ interval: 3600 })
    expect((await push(bff)).status).toBe(502)
    transmitter.metadata = {}
    expect((await push(bff)).status).toBe(202)
    await bff.close()
  })

  test('whose store fails does not acknowledge what it polled for', async () => {
    const { bff, store } = createOwnBff({ interval: 1 })
    await eventually(polls).toHaveLength(1)
    await store.close()
    transmitter.polls.length = 0
    await enqueue('lost', { sub_id: aliceThere() })
    await eventually(() => polls().length).toBeGreaterThanOrEqual(2)
    await bff.close()
    expect(polls().flatMap(({ ack }) => ack)).toEqual([])
    expect(polls().flatMap(({ setErrs }) => Object.keys(setErrs))).toEqual([])
  })
})
