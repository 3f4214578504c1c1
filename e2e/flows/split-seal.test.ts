import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSealer, createSecret, randomToken } from '@sallyport/core'
import type { GatewayOptions } from '@sallyport/gateway'
import { createLmdbStore } from '@sallyport/session/lmdb'
import { decodeJwt } from 'jose'
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest'
import { type Browser, createBrowser } from '../world/browser.ts'
import { eventually } from '../world/eventually.ts'
import { createNativeApp, postForm, withNativeApps } from '../world/native-app.ts'
import { createWorld, type World } from '../world/world.ts'

const accessTokenLifetime = 300
const isStored = inject('sessionMode') === 'stored'

let world: World
let options: GatewayOptions
beforeAll(async () => {
  world = await createWorld({
    accessToken: accessTokenLifetime,
    gateway: (given) => {
      options = withSplitSeal(withNativeApps(given), true)
      return options
    },
  })
})
afterAll(() => world.close())
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterEach(() => {
  vi.useRealTimers()
  world.gateway.reload(options)
})

function withSplitSeal(given: GatewayOptions, splitSeal: boolean): GatewayOptions {
  return { ...given, bff: { ...given.bff, session: { ...given.bff.session, splitSeal } } }
}

const sealKey = () => ({
  kid: 'demo',
  key: createSecret(readFileSync(world.settings.keyFiles.seal, 'utf8').trim()),
})

const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000)
const list = async (browser: Browser, app = world.app) =>
  (await browser.call(`${app}/api/orders`)).status
const asked = (path: string) => world.issuerRequests.filter((one) => one === path).length

/** What the store and the seal keys together tell of sessions. */
async function readByThief(): Promise<{ records: number; read: number }> {
  const store = createLmdbStore({ folder: join(world.settings.dataDir, 'sessions') })
  const { sessions } = await store.find({}, { limit: 500 })
  const records = sessions.map(({ key }) => store.get(key)).filter((one) => one !== undefined)
  await store.close()
  const purposes = ['session', 'sealed-row', 'native-code'].map((one) => `${one}:${world.app}`)
  const read = records.filter((record) =>
    purposes.some((purpose) =>
      [undefined, record.key].some((secret) =>
        createSealer([sealKey()], purpose).open(record.sealed, record.key, secret),
      ),
    ),
  )
  return { records: records.length, read: read.length }
}

/** The access token that the API got last. */
function received(): string {
  return world.orders.requests.at(-1)?.header('authorization')?.split(' ')[1] ?? ''
}

test('a thief of the store and the seal keys reads no session, before and after a renewal', async () => {
  const alice = await world.signIn()
  expect(await list(alice)).toBe(200)
  const first = received()
  pass(accessTokenLifetime + 1)
  expect(await list(alice)).toBe(200)
  expect(received()).not.toBe(first)
  const { records, read } = await readByThief()
  expect(records).toBeGreaterThan(0)
  expect(read).toBe(0)
  expect(decodeJwt(received()).sub).toBe(decodeJwt(first).sub)
})

test('of an app’s session a thief reads nothing either, and its app calls on and signs out', async () => {
  const phone = createNativeApp(world)
  const sessionToken = await phone.start()
  const call = async () => (await phone.call('/api/orders', sessionToken)).status
  expect(await call()).toBe(200)
  const first = received()
  pass(accessTokenLifetime + 1)
  expect(await call()).toBe(200)
  expect(received()).not.toBe(first)
  const { records, read } = await readByThief()
  expect(records).toBeGreaterThan(0)
  expect(read).toBe(0)
  const before = asked('POST /revoke')
  const form = { token: sessionToken, client_id: 'phone' }
  expect((await postForm(`${world.app}/bff/native/revoke`, form)).status).toBe(200)
  expect(await call()).toBe(401)
  await eventually(() => asked('POST /revoke')).toBeGreaterThan(before)
})

test('calls at once renew once, over two processes, and a token is renewed ahead', async () => {
  const alice = await world.signIn()
  const second = await world.startSecondGateway()
  try {
    pass(accessTokenLifetime + 1)
    const before = asked('POST /token')
    const other = `http://localhost:${second.port}`
    const host = ['host', new URL(world.app).host]
    const calls = Array.from({ length: 10 }, (_, i) =>
      i % 2
        ? list(alice)
        : alice.call(`${other}/api/orders`, { headers: host }).then(({ status }) => status),
    )
    expect(new Set(await Promise.all(calls))).toEqual(new Set([200]))
    expect(asked('POST /token') - before).toBe(1)
    const used = received()
    pass(accessTokenLifetime * 0.85)
    expect(await list(alice)).toBe(200)
    await eventually(() => asked('POST /token') - before).toBe(2)
    await eventually(async () => {
      await list(alice)
      return received() === used
    }).toBe(false)
  } finally {
    await second.close(1)
  }
})

test('a restart and a rotation of keys sign nobody out', async () => {
  const alice = await world.signIn()
  await world.restartGateway()
  expect(await list(alice)).toBe(200)
  const next = { kid: 'next', key: createSecret(randomToken()) }
  const rotated = { ...options, bff: { ...options.bff, sealKeys: [next, sealKey()] } }
  world.gateway.reload(rotated)
  pass(90)
  expect(await list(alice)).toBe(200)
  expect((await alice.call(`${world.app}/bff/user`)).status).toBe(200)
  await eventually(async () => {
    world.gateway.reload({ ...rotated, bff: { ...rotated.bff, sealKeys: [next] } })
    const status = await list(alice)
    if (status !== 200) world.gateway.reload(rotated)
    return status
  }).toBe(200)
})

test('switching it off and on under live sessions signs nobody out', async () => {
  const [alice, bob] = [await world.signIn(), await world.signIn(undefined, 'bob')]
  for (const splitSeal of [false, true, false, false, true, true]) {
    world.gateway.reload(withSplitSeal(options, splitSeal))
    pass(100)
    expect([await list(alice), await list(bob)]).toEqual([200, 200])
    const carol = await world.signIn()
    expect(await list(carol)).toBe(200)
  }
})

test('signing out ends it, revokes its tokens and tells the other tabs', async () => {
  const alice = await world.signIn()
  const copy = createBrowser()
  for (const [name, value] of alice.cookies) copy.cookies.set(name, value)
  const before = asked('POST /revoke')
  expect((await alice.call(`${world.app}/bff/logout`, { method: 'POST' })).status).toBe(200)
  expect(await list(copy)).toBe(401)
  await eventually(() => asked('POST /revoke')).toBeGreaterThan(before)
  expect(await list(await world.signIn(alice))).toBe(200)
})

test('the issuer ends it, server to server, without any cookie', async () => {
  const alice = await world.signIn()
  const other = createBrowser()
  for (const [name, value] of alice.cookies) {
    if (!name.startsWith('__Host-Http-bff')) other.cookies.set(name, value)
  }
  await world.signIn(other)
  expect([await list(alice), await list(other)]).toEqual([200, 200])
  const before = asked('POST /revoke')
  await alice.call(`${world.app}/bff/logout`, { method: 'POST' })
  await alice.navigate(`${world.app}/bff/logout`)
  await eventually(() => list(other)).toBe(401)
  await eventually(() => asked('POST /revoke')).toBeGreaterThan(before)
})

test('A060: a cookie that is another, or two of them, opens nothing', async () => {
  const [alice, bob] = [await world.signIn(), await world.signIn(undefined, 'bob')]
  const name = '__Host-Http-bff'
  const swapped = createBrowser()
  swapped.cookies.set(name, isStored ? randomToken() : (alice.cookies.get(name) ?? '').slice(0, -1))
  expect(await list(swapped)).toBe(401)
  const both = await createBrowser().call(`${world.app}/api/orders`, {
    headers: ['cookie', `${name}=${alice.cookies.get(name)}; ${name}=${bob.cookies.get(name)}`],
  })
  expect(both.status).toBe(401)
  expect([await list(alice), await list(bob)]).toEqual([200, 200])
})
