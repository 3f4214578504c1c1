import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSealKeyUnwrapper, createSecret, randomToken, type SealKey } from '@sallyport/core'
import { createGateway, type GatewayOptions } from '@sallyport/gateway'
import { createLmdbStore } from '@sallyport/session/lmdb'
import { createTelemetry } from '@sallyport/telemetry'
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest'
import type { Browser } from '../world/browser.ts'
import { eventually } from '../world/eventually.ts'
import { createWorld, type World } from '../world/world.ts'

let world: World
let options: GatewayOptions
beforeAll(async () => {
  world = await createWorld({
    gateway: (given) => {
      options = given
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
  rotate([demo()])
})

const fresh = (kid: string): SealKey => ({ kid, key: createSecret(randomToken()) })
const demo = (): SealKey => ({
  kid: 'demo',
  key: createSecret(readFileSync(world.settings.keyFiles.seal, 'utf8').trim()),
})

async function subjectOf(browser: Browser): Promise<unknown> {
  const answer = await browser.call(`${world.app}/bff/user?slide=false`)
  const claims = answer.json<{ type: string; value: unknown }[]>()
  return claims.find(({ type }) => type === 'sub')?.value
}

/** Other keys in a gateway that goes on running. */
function rotate(sealKeys: SealKey[]): void {
  options = { ...options, bff: { ...options.bff, sealKeys } }
  world.gateway.reload(options)
}

const list = async (browser: Browser) => (await browser.call(`${world.app}/api/orders`)).status

/** Calls again and again, until told to stop. */
function traffic(browsers: readonly Browser[]) {
  const statuses: number[][] = browsers.map(() => [])
  let isOver = false
  const running = browsers.map(async (browser, i) => {
    while (!isOver) statuses[i]?.push(await list(browser))
  })
  return {
    /** Waits until each has called so often again. */
    async goesOn(calls = 8) {
      const wanted = statuses.map((one) => one.length + calls)
      await eventually(() => statuses.every((one, i) => one.length >= (wanted[i] ?? 0))).toBe(true)
    },
    async stop() {
      isOver = true
      await Promise.all(running)
      return new Set(statuses.flat())
    },
  }
}

/** The kids that the sessions of these browsers are sealed under, wherever they are kept. */
async function kidsOf(browsers: readonly Browser[]): Promise<Set<string | undefined>> {
  const cookies = browsers.map(({ cookies: jar }) => jar.get('__Host-Http-bff') ?? '')
  if (inject('sessionMode') === 'sealed') {
    return new Set(cookies.map((value) => /^\d~([\w-]+)\./.exec(value)?.[1]))
  }
  const store = createLmdbStore({ folder: join(world.settings.dataDir, 'sessions') })
  const { sessions } = await store.find({}, { limit: 100 })
  await store.close()
  return new Set(sessions.map(({ sealed }) => sealed.split(/[.~]/)[0]))
}

test('A076: keys rotate under traffic, and nobody is signed out or hears an error', async () => {
  const names = ['alice', 'bob', 'alice', 'bob']
  const browsers = await Promise.all(names.map((name) => world.signIn(undefined, name)))
  const before = await Promise.all(browsers.map(subjectOf))
  const calls = traffic(browsers)
  try {
    let last = demo()
    for (const kid of ['next', 'after-next', 'last']) {
      const next = fresh(kid)
      rotate([next, last])
      await calls.goesOn()
      // Whoever is there is written anew within a minute or so.
      vi.setSystemTime(Date.now() + 90_000)
      await calls.goesOn()
      await eventually(() => kidsOf(browsers)).toEqual(new Set([kid]))
      rotate([next])
      await calls.goesOn()
      last = next
    }
  } finally {
    expect(await calls.stop()).toEqual(new Set([200]))
  }
  expect(await Promise.all(browsers.map(subjectOf))).toEqual(before)
})

test('A076: sessions of a key that is gone are none, and the log says so once for each', async () => {
  const browsers = [await world.signIn(), await world.signIn(undefined, 'bob')]
  rotate([fresh('next')])
  world.logLines.length = 0
  for (const browser of [...browsers, ...browsers]) {
    expect(await list(browser)).toBe(401)
    expect((await browser.call(`${world.app}/bff/user`)).status).toBe(401)
  }
  const told = world.logLines.map((line) => JSON.parse(line)).filter(({ event }) => event)
  const failures = told.filter(({ event }) => event === 'crypt_decrypt_fail')
  expect(failures).toHaveLength(2)
  for (const failure of failures) {
    expect(failure).toMatchObject({ kid: 'demo', message: expect.stringContaining('seal keys') })
  }
  expect(world.logLines.join('')).not.toContain('"level":"error"')
  for (const browser of browsers) expect(await list(await world.signIn(browser))).toBe(200)
})

test('a ring that cannot be unwrapped changes nothing, and its reload comes later', async () => {
  const alice = await world.signIn()
  const keys = new Map([
    ['demo', demo().key],
    ...[fresh('kept')].map((k) => [k.kid, k.key] as const),
  ])
  let isDown = true
  const unwrapSealKeys = createSealKeyUnwrapper({
    async unwrap(kid, wrapped) {
      if (isDown) throw new Error(`${wrapped} cannot be decrypted now`)
      return Buffer.from(keys.get(kid)?.reveal() ?? '', 'base64url')
    },
  })
  const wrapped = ['kept', 'demo'].map((kid) => ({ kid, wrapped: `wrapped-${kid}` }))
  await expect(unwrapSealKeys(wrapped).then(rotate)).rejects.toMatchObject({
    code: 'ERR_SEAL_KEY_UNAVAILABLE',
  })
  expect(await list(alice)).toBe(200)
  isDown = false
  rotate(await unwrapSealKeys(wrapped))
  expect(await list(alice)).toBe(200)
  const bob = await world.signIn(undefined, 'bob')
  isDown = true
  rotate(await unwrapSealKeys(wrapped.slice(0, 1)))
  expect([await list(alice), await list(bob)]).toEqual([401, 200])
})

test.each([
  ['a passphrase', 'correcthorsebatterystapleandanotherhundredofwords'],
  ['a passphrase twice', 'CorrectHorseBatteryStaple'.repeat(2)],
  ['digits that count up', Buffer.from([...Array(32).keys()]).toString('base64')],
  ['one byte 32 times', Buffer.alloc(32, 9).toString('base64')],
  ['31 bytes', randomToken().slice(0, 41)],
  ['nothing', ''],
])('A077: %s is refused at start and at a reload, and nothing has changed', async (_, text) => {
  const alice = await world.signIn()
  const weak = [{ kid: 'weak', key: createSecret(text) }, demo()]
  expect(() => rotate(weak)).toThrow(/sealKeys|seal keys/)
  expect(await list(alice)).toBe(200)
  const starting = createGateway(
    {
      ...{ ...options, listen: { port: 0 } },
      store: { lmdbFolder: join(world.settings.dataDir, 'refused') },
    },
    { telemetry: createTelemetry({ service: 'bff', level: 'silent' }) },
  )
  const error: Error = await starting.then(
    () => new Error('it started'),
    (cause) => cause,
  )
  expect(error).toMatchObject({ code: 'ERR_CONFIG_INVALID' })
  if (text) expect(error.message).not.toContain(text)
})
