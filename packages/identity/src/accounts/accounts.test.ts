import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openStorage, type Storage } from '../storage/environment.ts'
import { normalize, openAccounts } from './account-store.ts'
import { createSignInThrottle } from './sign-in-throttle.ts'

let dataDir: string
let storage: Storage

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sallyport-accounts-'))
  storage = openStorage(dataDir)
})
afterEach(async () => {
  await storage.close()
  rmSync(dataDir, { recursive: true })
})

const alice = { username: 'alice', password: 'first-one', name: 'Alice', email: 'a@example.com' }
const hashes = () => storage.keys('account:').map((key) => JSON.stringify(storage.get(key)))

describe('seed accounts', () => {
  test('are hashed anew only when the password changed, and keep their subject', async () => {
    const first = await openAccounts(storage, [alice])
    const account = await first.authenticate('alice', 'first-one')
    const before = hashes()
    await openAccounts(storage, [alice])
    expect(hashes()).toEqual(before)
    expect(before.join()).toContain('$argon2id$v=19$m=19456,t=2,p=1$')
    expect(before.join()).not.toContain('first-one')

    const changed = await openAccounts(storage, [{ ...alice, password: 'second', name: 'Al' }])
    expect(await changed.authenticate('alice', 'first-one')).toBeUndefined()
    const again = await changed.authenticate('alice', 'second')
    expect(again).toMatchObject({ subject: account?.subject, name: 'Al' })
  })

  test('stay when they are no longer named', async () => {
    await openAccounts(storage, [alice])
    const later = await openAccounts(storage, [])
    expect(await later.authenticate('alice', 'first-one')).toBeDefined()
  })

  test('a user name is the same in any case and Unicode form', () => {
    expect(normalize(' ＡＬＩＣＥ ')).toBe('alice')
  })
})

describe('the throttle', () => {
  let now = 1_800_000_000
  const clock = () => now

  async function failures(count: number, username = 'alice', address = '192.0.2.1') {
    const throttle = createSignInThrottle(storage, clock)
    const waits: number[] = []
    for (let index = 0; index < count; index += 1) {
      const wait = await throttle.begin(username, address)
      waits.push(wait)
      now += wait
      if (wait > 0) await throttle.begin(username, address)
    }
    return waits
  }

  test('lets five attempts pass, then doubles the wait, up to five minutes', async () => {
    const waits = await failures(16)
    expect(waits.slice(0, 5)).toEqual([0, 0, 0, 0, 0])
    expect(waits.slice(5, 9)).toEqual([1, 2, 4, 8])
    expect(Math.max(...waits)).toBe(300)
  })

  test('counts attempts that come at once', async () => {
    const throttle = createSignInThrottle(storage, clock)
    const waits = await Promise.all(
      Array.from({ length: 20 }, () => throttle.begin('alice', '192.0.2.1')),
    )
    expect(waits.filter((wait) => wait === 0)).toHaveLength(5)
  })

  test('a stranger elsewhere does not slow down the owner', async () => {
    await failures(12, 'alice', '192.0.2.1')
    const throttle = createSignInThrottle(storage, clock)
    expect(await throttle.begin('alice', '192.0.2.2')).toBe(0)
    expect(await throttle.begin('bob', '192.0.2.1')).toBe(0)
  })

  test('takes the addresses of one IPv6 network, and IPv4 in both spellings, for one', async () => {
    await failures(8, 'alice', '2001:db8:1:2::1')
    const throttle = createSignInThrottle(storage, clock)
    expect(await throttle.begin('alice', '2001:db8:1:2:ffff::9')).toBeGreaterThan(0)
    expect(await throttle.begin('alice', '2001:db8:1:3::1')).toBe(0)
    await failures(8, 'alice', '::ffff:192.0.2.7')
    expect(await throttle.begin('alice', '192.0.2.7')).toBeGreaterThan(0)
  })

  test('forgets after success, and after a quiet quarter of an hour', async () => {
    await failures(8)
    const throttle = createSignInThrottle(storage, clock)
    await throttle.succeed('alice', '192.0.2.1')
    expect(await failures(5)).toEqual([0, 0, 0, 0, 0])
    now += 3600
    expect(await failures(5)).toEqual([0, 0, 0, 0, 0])
  })

  test('survives a restart', async () => {
    await failures(8)
    await storage.close()
    storage = openStorage(dataDir)
    const throttle = createSignInThrottle(storage, clock)
    expect(await throttle.begin('alice', '192.0.2.1')).toBeGreaterThan(0)
  })
})
