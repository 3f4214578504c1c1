import { readFileSync } from 'node:fs'
import { readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createSecret, randomToken } from '@sallyport/core'
import { createGateway, type GatewayOptions } from '@sallyport/gateway'
import { createTelemetry } from '@sallyport/telemetry'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Browser } from '../world/browser.ts'
import { eventually } from '../world/eventually.ts'
import { untouched } from '../world/untouched.ts'
import { createWorld, type World } from '../world/world.ts'

const idle = 600
const absolute = 3600

let world: World
let options: GatewayOptions
beforeAll(async () => {
  world = await createWorld({
    sessionIdle: idle,
    sessionAbsolute: absolute,
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
afterEach(() => vi.useRealTimers())

const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000)
const list = async (browser: Browser) => (await browser.call(`${world.app}/api/orders`)).status

describe('a session', () => {
  test('A073: ends when nobody uses it, whatever the browser keeps', async () => {
    const browser = await world.signIn()
    pass(idle - 1)
    expect(await list(browser)).toBe(200)
    pass(idle)
    expect(await untouched(world, () => list(browser))).toBe(401)
    expect(browser.cookies.has('__Host-Http-bff')).toBe(true)
  })

  test('A074: ends at its absolute end under constant traffic', async () => {
    const browser = await world.signIn()
    const left = async (query = '') => {
      const answer = await browser.call(`${world.app}/bff/user${query}`)
      const claims = answer.json<{ type: string; value: number }[]>()
      return claims.find(({ type }) => type === 'bff:session_expires_in')?.value
    }
    for (let age = 500; age < absolute; age += 500) {
      pass(500)
      expect(await list(browser), `after ${age} s`).toBe(200)
      // It is put off in the background, and the next 500 seconds are over in no time.
      await eventually(() => left('?slide=false')).toBeGreaterThanOrEqual(
        Math.min(idle, absolute - age) - 5,
      )
    }
    expect(await left()).toBeLessThanOrEqual(100)
    pass(101)
    expect(await untouched(world, () => list(browser))).toBe(401)
  })
})

describe('A234: a clock', () => {
  test('that jumps back an hour ends nothing, and prolongs nothing', async () => {
    const browser = await world.signIn()
    pass(-3600)
    expect(await list(browser)).toBe(200)
    pass(3600 + idle - 1)
    expect(await list(browser)).toBe(200)
    pass(idle + 1)
    expect(await untouched(world, () => list(browser))).toBe(401)
  })

  test('that jumps ahead an hour ends what would have ended by then, and lets people in again', async () => {
    const browser = await world.signIn()
    pass(3600)
    expect(await list(browser)).toBe(401)
    expect(await list(await world.signIn(browser))).toBe(200)
    pass(-3600)
    expect(await list(browser)).toBe(200)
  })

  test.each(['2038-01-19T03:14:00Z', '2106-02-07T06:28:00Z'])(
    'that passes what 32 bits hold (%s) goes on as ever',
    async (moment) => {
      vi.setSystemTime(new Date(moment))
      const browser = await world.signIn()
      expect(await list(browser)).toBe(200)
      pass(idle - 1)
      expect(await list(browser)).toBe(200)
      pass(idle - 1)
      expect(await list(browser)).toBe(200)
      pass(idle + 1)
      expect(await untouched(world, () => list(browser))).toBe(401)
    },
  )
})

describe('seal keys', () => {
  afterEach(() => restart([demo()]))
  const fresh = (kid: string) => ({ kid, key: createSecret(randomToken()) })
  const restart = async (sealKeys: GatewayOptions['bff']['sealKeys']) => {
    options.bff.sealKeys = sealKeys
    await world.restartGateway()
  }
  const demo = () => ({
    kid: 'demo',
    key: createSecret(readFileSync(world.settings.keyFiles.seal, 'utf8').trim()),
  })

  test('A076: an old key opens until it is removed; what was written since then stays', async () => {
    const [active, asleep] = [await world.signIn(), await world.signIn(undefined, 'bob')]
    const next = fresh('next')
    await restart([next, demo()])
    expect([await list(active), await list(asleep)]).toEqual([200, 200])
    pass(idle / 2)
    expect(await list(active)).toBe(200)
    await restart([next])
    expect(await list(active)).toBe(200)
    expect(await untouched(world, () => list(asleep))).toBe(401)
    expect(await list(await world.signIn(asleep, 'bob'))).toBe(200)
    await restart([demo()])
    expect(await untouched(world, () => list(active))).toBe(401)
  })

  test('A076: putting off the idle end is such a write too', async () => {
    const active = await world.signIn()
    const next = fresh('next')
    await restart([next, demo()])
    pass(90)
    expect((await active.call(`${world.app}/bff/user`)).status).toBe(200)
    await restart([next])
    expect(await list(active)).toBe(200)
  })

  test('A076: in the wrong order they still open what either sealed', async () => {
    const before = await world.signIn()
    const next = fresh('next')
    await restart([demo(), next])
    const after = await world.signIn(undefined, 'bob')
    await restart([next, demo()])
    expect([await list(before), await list(after)]).toEqual([200, 200])
  })

  test('A076: another key under the same kid opens nothing, and breaks nothing', async () => {
    const browser = await world.signIn()
    await restart([fresh('demo')])
    expect(await untouched(world, () => list(browser))).toBe(401)
    await restart([demo()])
    expect(await list(browser)).toBe(200)
  })

  const byte = (value: number, length = 32) => Buffer.alloc(length, value).toString('base64url')
  test.each([
    ['a word', [{ kid: 'a', key: createSecret('secret') }]],
    ['nothing', [{ kid: 'a', key: createSecret('') }]],
    ['31 bytes', [{ kid: 'a', key: createSecret(randomToken().slice(0, -2)) }]],
    ['one byte 32 times', [{ kid: 'a', key: createSecret(byte(7)) }]],
    ['zeros', [{ kid: 'a', key: createSecret(byte(0, 64)) }]],
    ['a weak one after a good one', [fresh('a'), { kid: 'b', key: createSecret('secret') }]],
    ['the same kid twice', [fresh('a'), fresh('a')]],
    ['a kid that could break out', [{ ...fresh('a'), kid: 'a.b; Path=/' }]],
    ['a plain word', [{ kid: 'a', key: 'secret' as never }]],
    ['no key', []],
  ])('A077: %s refuses to start, says why, and leaves nothing open', async (_what, sealKeys) => {
    const lmdbFolder = join(world.settings.dataDir, 'refused')
    const telemetry = createTelemetry({ service: 'bff', level: 'silent' })
    const weak = { ...options, bff: { ...options.bff, sealKeys }, store: { lmdbFolder } }
    const starting = createGateway({ ...weak, listen: { port: 0 } }, { telemetry })
    const error = await starting.catch((cause: unknown) => cause)
    expect(error).toMatchObject({ code: 'ERR_CONFIG_INVALID' })
    expect((error as Error).message).toMatch(/seal ?keys/i)
    for (const { key } of sealKeys) {
      const text = typeof key === 'string' ? key : key.reveal()
      if (text) expect((error as Error).message).not.toContain(text)
    }
    expect(await openFilesIn(lmdbFolder)).toEqual([])
  })
})

async function openFilesIn(folder: string): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd').catch(() => [])
  const files = await Promise.all(
    descriptors.map((descriptor) => readlink(`/proc/self/fd/${descriptor}`).catch(() => '')),
  )
  return files.filter((file) => file.startsWith(folder))
}
