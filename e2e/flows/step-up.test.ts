import type { IncomingMessage, ServerResponse } from 'node:http'
import { decodeJwt } from 'jose'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Answer, createBrowser } from '../world/browser.ts'
import { head, ownLines, sendRaw } from '../world/raw.ts'
import { createWorld, passwordOf, type World } from '../world/world.ts'

const session = '__Host-Http-bff'

let world: World
const connections = new Set<unknown>()
beforeAll(async () => {
  world = await createWorld({
    gateway: (options) => ({ ...options, bff: { ...options.bff, senderConstraint: 'dpop' } }),
    identity: (options) => ({
      ...options,
      clients: options.clients.map((client) =>
        client.clientId === 'bff' ? { ...client, dpopBoundAccessTokens: true } : client,
      ),
    }),
  })
  world.orders.server.on('connection', (socket) => connections.add(socket))
})
afterAll(() => world.close())
beforeEach(() => {
  world.orders.requests.length = 0
  connections.clear()
})
afterEach(() => {
  world.orders.answer = undefined
  vi.useRealTimers()
})

/** The demo's sign-in of somebody who is busy with something else for a while. */
async function signInLongAgo() {
  const browser = await world.signIn()
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.now() + 60_000)
  return browser
}

const orders = () => `${world.app}/api/orders/refund`
const challenge = 'Bearer error="insufficient_user_authentication", max_age="30"'
const wantStepUp = (body = 'planted-upstream-body') => {
  world.orders.answer = (_request, response) => {
    response.writeHead(401, { 'www-authenticate': challenge }).end(body)
  }
}
const authorizations = () => world.orders.requests.map((one) => one.header('authorization') ?? '')
const authTimeOf = (authorization = '') => decodeJwt(authorization.split(' ')[1] ?? '').auth_time
function expectStepUp(answer: Answer) {
  expect(answer.status).toBe(401)
  expect(answer.header('content-type')).toBe('application/problem+json')
  expect(answer.header('www-authenticate')).toBeUndefined()
  expect(answer.header('cache-control')).toBe('no-store')
  expect(answer.json()).toMatchObject({ loginUrl: '/bff/login?max_age=30', maxAge: 30 })
  expect(answer.text).not.toContain('planted')
}

describe('a step-up', () => {
  test('A009: leads to a new session with new tokens, and the old one is over', async () => {
    const browser = await signInLongAgo()
    const old = createBrowser()
    old.cookies.set(session, browser.cookies.get(session) as string)
    wantStepUp()
    const refused = await browser.call(orders(), { method: 'POST', body: '{}' })
    expectStepUp(refused)

    const { loginUrl } = refused.json<{ loginUrl: string }>()
    const page = await browser.navigate(`${world.app}${loginUrl}&returnUrl=/orders?refund=1`)
    expect(page.url).toMatch(new RegExp(`^${world.issuer}/`))
    // Whoever gives up stays signed in, as before.
    expect((await old.call(`${world.app}/bff/user`)).status).toBe(200)
    const done = await browser.submit(page, { username: 'alice', password: passwordOf('alice') })
    expect(done.url).toBe(`${world.app}/orders?refund=1`)

    expect(browser.cookies.get(session)).not.toBe(old.cookies.get(session))
    expect((await old.call(`${world.app}/bff/user`)).status).toBe(401)
    world.orders.answer = undefined
    expect((await browser.call(orders(), { method: 'POST', body: '{}' })).status).toBe(200)
    const [before, after] = authorizations()
    expect(after).not.toBe(before)
    expect(Number(authTimeOf(after)) - Number(authTimeOf(before))).toBeGreaterThanOrEqual(60)
  })

  test('A030: that the API refuses all the same ends there', async () => {
    const browser = await signInLongAgo()
    wantStepUp()
    const { loginUrl } = (await browser.call(orders())).json<{ loginUrl: string }>()
    const page = await browser.navigate(`${world.app}${loginUrl}`)
    await browser.submit(page, { username: 'alice', password: passwordOf('alice') })
    const refused = await browser.call(orders())
    expect(refused.status).toBe(401)
    expect(refused.json()).toMatchObject({ code: 'ERR_STEP_UP_REQUIRED', maxAge: 30 })
    expect(refused.json()).not.toHaveProperty('loginUrl')
  })

  test('leaves the connection to the upstream in order, and uses it again', async () => {
    const browser = await signInLongAgo()
    for (let i = 0; i < 3; i += 1) {
      wantStepUp()
      expectStepUp(await browser.call(orders()))
      world.orders.answer = undefined
      expect((await browser.call(orders())).json()).toEqual({ path: '/orders/refund' })
    }
    expect(connections.size).toBeLessThanOrEqual(1)
    wantStepUp()
    const only = await browser.call(orders(), { method: 'HEAD' })
    expect([only.status, only.text]).toEqual([401, ''])
  })

  test.each<[string, (response: ServerResponse) => void]>([
    ['never ends', (response) => void response.write('planted')],
    ['is long', (response) => void response.write('planted'.repeat(100_000))],
    ['breaks off', (response) => void response.write('planted', () => response.destroy())],
  ])('waits for no answer that %s', async (_how, write) => {
    const browser = await signInLongAgo()
    const closed: Promise<unknown>[] = []
    world.orders.answer = (_request, response) => {
      closed.push(new Promise((resolve) => response.once('close', resolve)))
      response.writeHead(401, { 'www-authenticate': challenge })
      write(response)
    }
    expectStepUp(await browser.call(orders()))
    await Promise.all(closed)
    world.orders.answer = undefined
    expect((await browser.call(orders())).status).toBe(200)
  })

  test('is told before the body has gone up, and the next request is nobody’s rest', async () => {
    const browser = await signInLongAgo()
    wantStepUp()
    const own = ownLines(world.app, browser)
    const first = head('POST /api/orders HTTP/1.1', ...own, 'Content-Length: 1000000')
    const answer = await sendRaw(world.app, `${first}${'x'.repeat(1000)}`)
    expect(answer.statuses).toEqual([401])
    expect(answer.text).toContain('"loginUrl":"/bff/login?max_age=30"')
    expect(answer.text.toLowerCase()).toContain('connection: close')
    expect(answer.end).toBe('closed')

    expectStepUp(await browser.call(orders(), { method: 'POST', body: 'x'.repeat(3_000_000) }))
    world.orders.answer = undefined
    const next = await browser.call(orders(), { method: 'POST', body: 'next' })
    expect(next.status).toBe(200)
    expect(world.orders.requests.at(-1)?.body).toBe('next')
  })
})

describe('an API that wants a DPoP nonce', () => {
  const wantNonce = (request: IncomingMessage, response: ServerResponse, nonce: string) => {
    const { nonce: shown } = decodeJwt(String(request.headers.dpop))
    if (shown === nonce) response.end('good')
    else {
      response.setHeader('dpop-nonce', nonce)
      response.writeHead(401, { 'www-authenticate': 'DPoP error="use_dpop_nonce"' }).end('planted')
    }
  }
  const proofs = () => world.orders.requests.map((one) => decodeJwt(one.header('dpop') ?? ''))

  test('A226: gets it at once, and the page never notices', async () => {
    const browser = await world.signIn()
    world.orders.answer = (request, response) => wantNonce(request, response, 'n1')
    const answer = await browser.call(orders())
    expect([answer.status, answer.text]).toEqual([200, 'good'])
    expect(answer.header('dpop-nonce')).toBeUndefined()
    expect(proofs().map(({ nonce }) => nonce)).toEqual([undefined, 'n1'])
    expect((await browser.call(orders(), { method: 'POST', body: 'x' })).status).toBe(200)
    expect(connections.size).toBeLessThanOrEqual(1)

    world.orders.answer = (request, response) => wantNonce(request, response, 'n2')
    expect((await browser.call(orders(), { method: 'POST', body: 'x' })).status).toBe(401)
    expect((await browser.call(orders(), { method: 'POST', body: 'x' })).status).toBe(200)
    expect(world.orders.requests).toHaveLength(5)
  })

  test('A226: that is never content is asked twice', async () => {
    const browser = await world.signIn()
    let count = 0
    world.orders.answer = (request, response) => wantNonce(request, response, `m${++count}`)
    expect((await browser.call(orders(), { method: 'DELETE' })).status).toBe(401)
    expect(world.orders.requests).toHaveLength(2)
  })
})
