import { join } from 'node:path'
import { sha256 } from '@sallyport/core'
import type { SessionKey } from '@sallyport/session'
import { createLmdbStore } from '@sallyport/session/lmdb'
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  inject,
  onTestFinished,
  test,
  vi,
} from 'vitest'
import type { Browser } from '../world/browser.ts'
import { createWorld, type Intercept, type World } from '../world/world.ts'

const mode = inject('sessionMode')
const lifetime = 100
/** Seconds that a lease lasts that nobody prolongs. */
const leaseTime = 3
const session = '__Host-Http-bff'

let world: World
let browser: Browser
beforeAll(async () => {
  world = await createWorld({ accessToken: lifetime })
})
afterAll(() => world.close())
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  browser = await world.signIn()
  world.issuerRequests.length = 0
  world.orders.requests.length = 0
})
afterEach(() => {
  world.intercept = undefined
  vi.useRealTimers()
})

const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000)
const list = () => browser.call(`${world.app}/api/orders`)
const tokenCalls = () => world.issuerRequests.filter((call) => call === 'POST /token').length
const bearer = () => world.orders.requests.at(-1)?.header('authorization')

/** Answers the token endpoint in place of the identity server. */
function tokenEndpoint(answer: Intercept): Intercept {
  return (request, response, next) =>
    request.url === '/token' ? answer(request, response, next) : next()
}

const answerWith = (status: number, body: object) =>
  tokenEndpoint((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })

describe('an access token', () => {
  test('is used as long as it is good, and nothing is asked of the issuer', async () => {
    await list()
    const first = bearer()
    pass(lifetime * 0.7)
    expect((await list()).status).toBe(200)
    expect(bearer()).toBe(first)
    expect(tokenCalls()).toBe(0)
  })

  test('is renewed ahead of its end while requests go on with the old one', async () => {
    await list()
    const first = bearer()
    pass(lifetime * 0.85)
    expect((await list()).status).toBe(200)
    expect(bearer()).toBe(first)
    await expect.poll(async () => (await list()) && bearer()).not.toBe(first)
    expect(tokenCalls()).toBe(1)
  })

  test('A082, A220: that has expired is renewed once for 20 calls at once, and no cookie is set when it is stored', async () => {
    await list()
    const first = bearer()
    pass(lifetime + 1)
    const answers = await Promise.all(Array.from({ length: 20 }, list))
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
    if (mode === 'stored') {
      expect(answers.flatMap((answer) => answer.headers('set-cookie'))).toEqual([])
    }
    expect(tokenCalls()).toBe(1)
    const sent = new Set(world.orders.requests.slice(1).map((r) => r.header('authorization')))
    expect(sent.size).toBe(1)
    expect(sent.has(first)).toBe(false)
  })

  test('A220: is renewed once over two gateways that share the sessions', async () => {
    const second = await world.startSecondGateway()
    const other = `http://localhost:${second.port}`
    const host = ['host', new URL(world.app).host]
    pass(lifetime + 1)
    const calls = Array.from({ length: 40 }, (_, i) =>
      i % 2 ? list() : browser.call(`${other}/api/orders`, { headers: host }),
    )
    const statuses = (await Promise.all(calls)).map(({ status }) => status)
    await second.close(1)
    expect(statuses).toEqual(Array(40).fill(200))
    expect(tokenCalls()).toBe(1)
  })

  test('A233: is never taken back by what other tabs write at the same time', async () => {
    const second = await world.startSecondGateway()
    const other = `http://localhost:${second.port}`
    const host = ['host', new URL(world.app).host]
    // Each time all put off the idle end, too. The issuer's grace is over long before the next time.
    for (let time = 1; time <= 3; time += 1) {
      pass(lifetime + 1)
      const tabs = Array.from({ length: 8 }, (_, i) =>
        i % 2 ? list() : browser.call(`${other}/api/orders`, { headers: host }),
      )
      const statuses = (await Promise.all(tabs)).map(({ status }) => status)
      expect(statuses).toEqual(Array(8).fill(200))
      expect(tokenCalls()).toBe(time)
    }
    await second.close(1)
  })

  // In a cookie there is no row before a renewal begins: see sealed-sessions.test.ts.
  test.runIf(mode === 'stored' && !inject('sessionServer'))(
    'of a renewal whose holder died is had by taking its lease over',
    async () => {
      const key = sha256(browser.cookies.get(session) as string) as SessionKey
      const store = createLmdbStore({ folder: join(world.settings.dataDir, 'sessions') })
      const record = await store.get(key)
      if (!record) throw new Error('the session must be there')
      // Of a clock that was an hour ahead: what it says of the end must not matter.
      const lease = { holder: 'dead', until: Math.floor(Date.now() / 1000) + 3600 }
      await store.put({ ...record, version: record.version + 1, lease })
      await store.close()
      vi.useFakeTimers({ toFake: ['Date', 'performance'] })
      pass(lifetime + 1)
      const waiting = list()
      const begunMs = performance.now()
      const afterAnother = () => {
        vi.advanceTimersByTime(100)
        return tokenCalls()
      }
      await expect.poll(afterAnother, { timeout: 15_000 }).toBe(1)
      expect(performance.now() - begunMs).toBeGreaterThanOrEqual(leaseTime * 1000)
      expect((await waiting).status).toBe(200)
      expect(tokenCalls()).toBe(1)
    },
  )
})

describe('an issuer', () => {
  test('A224: that rejects the refresh token ends the session', async () => {
    world.intercept = answerWith(400, { error: 'invalid_grant' })
    pass(lifetime + 1)
    const answer = await list()
    expect(answer.status).toBe(401)
    expect(answer.json<{ type: string }>().type).toBe('urn:sallyport:problem:login_required')
    world.intercept = undefined
    expect((await list()).status).toBe(401)
    expect(world.orders.requests).toEqual([])
  })

  test.each([
    [500, { error: 'server_error' }],
    [503, {}],
    [429, { error: 'slow_down' }],
    [401, { error: 'invalid_client' }],
    [200, { unexpected: true }],
  ])('A224: that answers %i %j keeps the session', async (status, body) => {
    world.intercept = answerWith(status, body)
    pass(lifetime * 0.85)
    expect((await list()).status).toBe(200)
    pass(lifetime)
    const refused = await list()
    expect(refused.status).toBeGreaterThanOrEqual(502)
    expect(refused.status).toBeLessThanOrEqual(503)
    if (refused.status === 503) expect(Number(refused.header('retry-after'))).toBeGreaterThan(0)
    world.intercept = undefined
    expect((await list()).status).toBe(200)
  })

  test('A232: that has deleted the person ends the session at the next renewal, an operator at once', async () => {
    // Nobody else's sign-in: what is ended here is later than what the next test's clock says.
    const [one, other] = [
      await world.signIn(undefined, 'bob'),
      await world.signIn(undefined, 'bob'),
    ]
    const user = (who: Browser) => who.call(`${world.app}/bff/user`)
    const claims = (await user(one)).json<{ type: string; value: string }[]>()
    const subject = String(claims.find(({ type }) => type === 'sub')?.value)
    world.intercept = answerWith(400, { error: 'invalid_grant' })
    pass(lifetime + 1)
    expect((await one.call(`${world.app}/api/orders`)).status).toBe(401)
    expect((await user(other)).status).toBe(200)
    await world.gateway.operator('help-desk').endAll({ issuer: world.issuer, subject })
    expect((await user(other)).status).toBe(401)
  })

  test('that is down: calls go on while tokens live, then 503; back up, all goes on', async () => {
    await world.stopIssuer()
    expect((await list()).status).toBe(200)
    pass(lifetime + 1)
    const refused = await list()
    expect(refused.status).toBe(503)
    expect(refused.json<{ type: string }>().type).toBe('urn:sallyport:problem:idp_unavailable')
    expect((await browser.call(`${world.app}/bff/user`)).status).toBe(200)
    const signIn = await browser.navigate(`${world.app}/bff/login?prompt=login&returnUrl=/orders`)
    expect(signIn.answer.status).toBe(503)
    expect(signIn.answer.text).toContain('Try again')
    await world.startIssuer()
    expect((await list()).status).toBe(200)
  })
})

describe('an issuer that never answers', () => {
  let impatient: World
  beforeAll(async () => {
    impatient = await createWorld({
      accessToken: lifetime,
      gateway: (options) => ({ ...options, bff: { ...options.bff, issuerTimeout: 1 } }),
    })
  })
  afterAll(() => impatient.close())

  test('is waited for only so long', async () => {
    const person = await impatient.signIn()
    impatient.intercept = tokenEndpoint(() => undefined)
    pass(lifetime + 1)
    expect((await person.call(`${impatient.app}/api/orders`)).status).toBe(503)
  })
})

describe('a restart of the gateway', () => {
  test('keeps sessions', async () => {
    await world.restartGateway()
    expect((await browser.call(`${world.app}/bff/user`)).text).toContain('alice@example.com')
    expect((await list()).status).toBe(200)
  })
})

describe('a sign-out', () => {
  test('A230: during a renewal wins, and what the renewal brings is revoked', async () => {
    const renewal = Promise.withResolvers<void>()
    world.intercept = tokenEndpoint((_request, _response, next) => renewal.promise.then(next))
    pass(lifetime + 1)
    const call = list()
    await expect.poll(tokenCalls).toBe(1)
    const out = await browser.call(`${world.app}/bff/logout`, { method: 'POST' })
    expect(out.status).toBe(200)
    const revocations = () => world.issuerRequests.filter((one) => one === 'POST /revoke').length
    await expect.poll(revocations).toBe(1)
    renewal.resolve()
    expect((await call).status).toBe(401)
    expect(world.orders.requests).toEqual([])
  })

  test('A228: is not undone by cookies of an answer that comes after it', async () => {
    const held = Promise.withResolvers<void>()
    world.orders.answer = (_request, response) => void held.promise.then(() => response.end('{}'))
    onTestFinished(() => {
      world.orders.answer = undefined
    })
    pass(lifetime + 1)
    const call = list()
    await expect.poll(() => world.orders.requests.length).toBe(1)
    await browser.call(`${world.app}/bff/logout`, { method: 'POST' })
    expect(browser.cookies.has(session)).toBe(false)
    held.resolve()
    expect((await call).status).toBe(200)
    // What was renewed is in a cookie when the session is.
    expect(browser.cookies.has(session)).toBe(mode === 'sealed')
    expect((await list()).status).toBe(401)
  })
})
