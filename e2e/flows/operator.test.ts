import type { OperatorPage } from '@sallyport/bff'
import { createSecret, randomToken } from '@sallyport/core'
import type { GatewayOptions } from '@sallyport/gateway'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { type Browser, createBrowser } from '../world/browser.ts'
import { openEvents } from '../world/event-stream.ts'
import { eventually } from '../world/eventually.ts'
import { createWorld, type World } from '../world/world.ts'

const secret = randomToken()
const isStored = inject('sessionMode') === 'stored'

const operatorWith = (value: string) => ({
  listen: { port: 0 },
  credentials: [{ name: 'night-shift', secret: createSecret(value) }],
})

let world: World
let issuer: string
let options: GatewayOptions
beforeAll(async () => {
  world = await createWorld({
    gateway: (given) => {
      options = { ...given, operator: operatorWith(secret) }
      return options
    },
  })
  issuer = encodeURIComponent(world.issuer)
})
afterAll(() => world.close())
beforeEach(async () => {
  await ask('DELETE', '/sessions?all=true')
  world.logLines.length = 0
  world.issuerRequests.length = 0
})

const bearer = ['authorization', `Bearer ${secret}`]
const at = (path: string) => `http://127.0.0.1:${world.gateway.operatorPort}${path}`
const ask = (method: string, path: string, headers = bearer) =>
  createBrowser().ask(at(path), { method, headers })
const isSignedIn = async (browser: Browser) =>
  (await browser.call(`${world.app}/bff/user`)).status === 200
const audits = () =>
  world.logLines.filter((line) => line.includes('"audit":true')).map((line) => JSON.parse(line))

/** The subject that the issuer gave somebody. */
async function subjectOf(browser: Browser): Promise<string> {
  const claims = (await browser.call(`${world.app}/bff/user`)).json<
    { type: string; value: string }[]
  >()
  return encodeURIComponent(claims.find(({ type }) => type === 'sub')?.value ?? '')
}

test('a subject’s sessions end at every gateway, and their pages are told', async () => {
  const second = await world.startSecondGateway()
  const [alice, bob] = [await world.signIn(), await world.signIn(createBrowser(), 'bob')]
  const stream = await openEvents(alice, world.app)
  const query = `issuer=${issuer}&subject=${await subjectOf(alice)}`
  const answer = await ask('DELETE', `/sessions?${query}`)
  expect(answer.status).toBe(200)
  expect(answer.json()).toEqual({ sessions: isStored ? 1 : 0, hasUncounted: !isStored })
  expect([await isSignedIn(alice), await isSignedIn(bob)]).toEqual([false, true])
  const there = await alice.call(`http://localhost:${second.port}/bff/user`, {
    headers: ['host', new URL(world.app).host],
  })
  expect(there.status).toBe(401)
  await eventually(() => stream.events.at(-1), 3000).toEqual({ type: 'ended', reason: 'revoked' })
  const revocations = () => world.issuerRequests.filter((one) => one === 'POST /revoke').length
  if (isStored) await eventually(revocations).toBe(2)
  expect(await isSignedIn(await world.signIn())).toBe(true)
  await second.close(1)
})

test('everybody is signed out only when that is said', async () => {
  const alice = await world.signIn()
  for (const path of ['/sessions', '/sessions?all=1', `/sessions?all=true&issuer=${issuer}`]) {
    expect((await ask('DELETE', path)).status).toBe(400)
  }
  expect(await isSignedIn(alice)).toBe(true)
  expect((await ask('DELETE', '/sessions?all=true')).status).toBe(200)
  expect(await isSignedIn(alice)).toBe(false)
})

test('one session ends by the id that the log of sign-ins names', async () => {
  const [first, second] = [await world.signIn(), await world.signIn()]
  const ids = world.logLines
    .map((line) => JSON.parse(line))
    .filter(({ event, service }) => event === 'authn_login_success' && service === 'bff')
    .map(({ session }) => session)
  expect((await ask('DELETE', `/sessions/${ids[0]}`)).status).toBe(200)
  expect([await isSignedIn(first), await isSignedIn(second)]).toEqual([false, true])
})

test('an operator in code does the same, under its own name', async () => {
  const alice = await world.signIn()
  await world.gateway.operator('nightly-job').endAll({ frontend: world.app })
  expect(await isSignedIn(alice)).toBe(false)
  expect(audits()).toMatchObject([
    { action: 'end_all', outcome: 'done', actor: { kind: 'operator', name: 'nightly-job' } },
  ])
})

describe.runIf(isStored)('a list', () => {
  test('has records and no content, in pages that nobody can make up', async () => {
    await Promise.all(['alice', 'bob', 'alice'].map((name) => world.signIn(createBrowser(), name)))
    const seen: OperatorPage['sessions'][number][] = []
    let cursor: string | undefined
    do {
      const query = `limit=2${cursor ? `&cursor=${cursor}` : ''}`
      const page = (await ask('GET', `/sessions?${query}`)).json<
        OperatorPage & { cursor?: string }
      >()
      seen.push(...page.sessions)
      if (page.cursor) {
        const changed = `${page.cursor.slice(0, -2)}${page.cursor.endsWith('AA') ? 'BB' : 'AA'}`
        for (const forged of [
          `limit=2&cursor=${changed}`,
          `limit=2&cursor=x`,
          `issuer=${issuer}&cursor=${page.cursor}`,
        ]) {
          expect((await ask('GET', `/sessions?${forged}`)).status).toBe(400)
        }
      }
      cursor = page.cursor
    } while (cursor)
    expect(new Set(seen.map(({ id }) => id)).size).toBe(3)
    expect(Object.keys(seen[0] ?? {}).sort()).toEqual(
      [
        ...['absoluteExpiresAt', 'authTime', 'createdAt', 'expiresAt', 'frontend', 'id'],
        ...['issuer', 'lastSeenAt', 'sid', 'subject'],
      ].sort(),
    )
    const count = await ask('GET', `/sessions/count?issuer=${issuer}`)
    expect(count.json()).toEqual({ sessions: 3, hasUncounted: false })
  })

  test('an id of none is not found', async () => {
    const answer = await ask('DELETE', `/sessions/${randomToken()}`)
    expect(answer.status).toBe(404)
    expect(answer.json<{ code: string }>().code).toBe('ERR_SESSION_NOT_FOUND')
  })
})

describe('the listener of operators', () => {
  test('lets nobody in without a credential, and says so in the audit', async () => {
    const alice = await world.signIn()
    for (const headers of [
      ...[[], ['authorization', `Bearer ${randomToken()}`], ['authorization', 'Bearer x']],
      ...[
        ['authorization', `Basic ${secret}`],
        [...bearer, ...bearer],
      ],
      ['cookie', `authorization=${secret}`],
    ]) {
      for (const path of ['/sessions', '/nothing']) {
        const answer = await ask('GET', path, headers)
        expect(answer.status).toBe(401)
        expect(answer.header('www-authenticate')).toBe('Bearer')
      }
    }
    expect((await ask('DELETE', '/sessions?all=true', [])).status).toBe(401)
    expect(await isSignedIn(alice)).toBe(true)
    expect(audits()).toHaveLength(13)
    expect(audits()[0]).toMatchObject({
      ...{ event: 'authz_fail', outcome: 'refused', code: 'ERR_OPERATOR_UNKNOWN' },
      actor: { kind: 'operator', address: '127.0.0.1' },
    })
    expect(world.logLines.join()).not.toContain(secret)
  })

  test('takes another credential without a restart, and no other place', async () => {
    const next = randomToken()
    const status = async (value: string) =>
      (await ask('GET', '/sessions', ['authorization', `Bearer ${value}`])).status
    world.gateway.reload({ ...options, operator: operatorWith(next) })
    expect([await status(secret), await status(next)]).toEqual([401, 200])
    world.gateway.reload(options)
    expect([await status(secret), await status(next)]).toEqual([200, 401])
    for (const operator of [undefined, { ...operatorWith(next), listen: { port: 1 } }]) {
      const attempt = () => world.gateway.reload({ ...options, operator })
      expect(attempt).toThrow('operator.listen: cannot change')
    }
  })

  test('turns browsers away, whatever credential they have, and answers no preflight', async () => {
    for (const header of [
      ['origin', world.app],
      ['origin', 'null'],
      ['sec-fetch-site', 'none'],
      ['Sec-Fetch-Mode', 'navigate'],
    ]) {
      for (const method of ['GET', 'OPTIONS', 'DELETE']) {
        const answer = await ask(method, '/sessions', [...bearer, ...header])
        expect(answer.status).toBe(403)
        expect(answer.rawHeaders.join()).not.toMatch(/access-control|set-cookie/i)
      }
    }
  })

  test('answers in JSON that nobody keeps', async () => {
    for (const path of ['/sessions', '/sessions?limit=0', '/nothing']) {
      const answer = await ask('GET', path, [...bearer, 'accept', 'text/html'])
      expect(answer.header('content-type')).toMatch(/^application\/(problem\+)?json$/)
      expect(answer.header('cache-control')).toBe('no-store')
      expect(answer.headers('set-cookie')).toEqual([])
    }
  })

  test.each([
    ['GET', '/sessions?subject=alice', 400],
    ['GET', '/sessions?sid=x', 400],
    ['GET', '/sessions?issuer=', 400],
    ['GET', '/sessions?isuer=x', 400],
    ['GET', '/sessions?issuer=a&issuer=b', 400],
    ['GET', '/sessions?limit=201', 400],
    ['GET', '/sessions?limit=-1', 400],
    ['GET', `/sessions?issuer=${'a'.repeat(2000)}`, 400],
    ['DELETE', '/sessions?issuer=a&frontend=b', 400],
    ['GET', '/sessions/', 404],
    ['GET', '//sessions', 404],
    ['GET', '/x/../sessions', 404],
    ['DELETE', `/sessions/${'a'.repeat(42)}%61`, 404],
    ['DELETE', '/sessions/..', 404],
    ['POST', '/sessions', 405],
    ['PUT', `/sessions/${'a'.repeat(43)}`, 405],
  ])('%s %s is %i, and audited', async (method, path, status) => {
    expect((await ask(method, path)).status).toBe(status)
    const code = ['ERR_REQUEST_INVALID', 'ERR_ROUTE_NOT_FOUND', 'ERR_METHOD_NOT_ALLOWED']
    const actor = { kind: 'operator', name: 'night-shift' }
    expect(audits().at(-1)).toMatchObject({ outcome: 'refused', actor })
    expect(code).toContain(audits().at(-1).code)
  })

  test('is nowhere on the port of the application', async () => {
    for (const path of ['/sessions', '/operator/sessions', '/bff/operator/sessions']) {
      const answer = await createBrowser().ask(`${world.app}${path}`, { headers: bearer })
      expect(answer.text).not.toContain('hasUncounted')
      expect(answer.status).toBe(404)
    }
  })
})
