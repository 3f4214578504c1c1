import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, randomToken } from '@sallyport/core'
import type { SessionStore } from '@sallyport/session'
import { createLmdbStore } from '@sallyport/session/lmdb'
import { createMemoryStore } from '@sallyport/session/memory'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createOwnWorld, issuer, publicUrl } from '../endpoints/own-sessions.fixture.ts'

const stores: [string, (folder: string, clock: Clock) => SessionStore][] = [
  ['memory', (_folder, clock) => createMemoryStore({ clock })],
  ['LMDB', (folder, clock) => createLmdbStore({ folder, clock })],
]
const shop = { publicUrl: `${publicUrl}/shop` }
const sealed = { publicUrl: `${publicUrl}/sealed`, session: { mode: 'sealed' } }

describe.each(stores)('an operator, over %s', (_name, create) => {
  let world: ReturnType<typeof createOwnWorld>
  let folder: string
  let store: SessionStore
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-operator-'))
    world = createOwnWorld((clock) => {
      store = create(folder, clock)
      return store
    })
  })
  afterEach(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })

  test('finds sessions by all that names them, with nothing of their content', async () => {
    const alice = await world.signIn({ device: 'Firefox on Linux' })
    await world.signIn({ subject: 'bob', options: shop })
    const operator = world.operator()
    const found = async (filter: object) =>
      (await operator.find(filter, { limit: 10 })).sessions.map(({ subject }) => subject).sort()
    expect(await found({})).toEqual(['alice', 'bob'])
    expect(await found({ issuer, subject: 'alice' })).toEqual(['alice'])
    expect(await found({ frontend: shop.publicUrl })).toEqual(['bob'])
    expect(await found({ issuer, sid: 'nobody' })).toEqual([])
    const { sessions } = await operator.find({ issuer, subject: 'alice' }, { limit: 10 })
    const ends = { expiresAt: world.now + 1800, absoluteExpiresAt: world.now + 28_800 }
    expect(sessions).toEqual([
      {
        ...{ id: alice.id, frontend: publicUrl, issuer, subject: 'alice', ...ends },
        ...{ device: 'Firefox on Linux', createdAt: world.now, lastSeenAt: world.now },
      },
    ])
    expect(JSON.stringify(sessions)).not.toContain(alice.key)
  })

  test('turns pages until there are none, and counts the same', async () => {
    await world.plant(23)
    const operator = world.operator()
    const ids = new Set<string>()
    let after: string | undefined
    do {
      const page = await operator.find({}, { limit: 5, after })
      expect(page.sessions.length).toBeLessThanOrEqual(5)
      for (const { id } of page.sessions) ids.add(id)
      after = page.next
    } while (after)
    expect(ids.size).toBe(23)
    expect(await operator.count({})).toEqual({ sessions: 23, hasUncounted: false })
  })

  test.each([
    ['a subject', { issuer, subject: 'alice' }, [false, true, false]],
    [
      'a subject at a frontend',
      { issuer, subject: 'alice', frontend: publicUrl },
      [false, true, true],
    ],
    ['a frontend', { frontend: shop.publicUrl }, [true, true, false]],
    ['an issuer', { issuer }, [false, false, false]],
    ['nothing: everybody', {}, [false, false, false]],
    ['another issuer', { issuer: 'https://other.example' }, [true, true, true]],
  ])('ends by %s', async (_by, filter, left) => {
    const signedIn = [
      await world.signIn(),
      await world.signIn({ subject: 'bob' }),
      await world.signIn({ options: shop }),
    ]
    const outcome = await world.operator().endAll(filter)
    const live = signedIn.map(({ key }) => world.isLive(key))
    expect(await Promise.all(live)).toEqual(left)
    const ended = left.filter((isLive) => !isLive).length
    expect(outcome).toEqual({ sessions: ended, hasUncounted: false })
  })

  test('ends one by its id, of whatever frontend, also one that no key opens', async () => {
    await world.plant(60)
    const [alice, bob] = [await world.signIn(), await world.signIn({ subject: 'bob' })]
    const operator = world.operator()
    const one = { sessions: 1, hasUncounted: false }
    expect(await operator.endOne(alice.id)).toEqual(one)
    expect(await operator.endOne(bob.id, { issuer, subject: 'bob' })).toEqual(one)
    expect(await operator.endOne(bob.id)).toEqual({ sessions: 0, hasUncounted: false })
    expect([await world.isLive(alice.key), await world.isLive(bob.key)]).toEqual([false, false])
    const [planted] = (await operator.find({}, { limit: 10 })).sessions
    expect(await operator.endOne(planted?.id ?? '')).toEqual(one)
    expect(await operator.count({})).toMatchObject({ sessions: 59 })
  })

  test('ends sealed sessions too, by what names them or by id, and says that it cannot count them', async () => {
    const options = sealed
    const isOpen = async ({ cookie }: { cookie: string }) => {
      const headers = ['x-csrf', '1', 'sec-fetch-site', 'same-origin']
      return (
        (await world.ask('GET', '/sealed/bff/user', { cookie, options, headers })).status === 200
      )
    }
    const [one, two, bob] = [
      await world.signIn({ options }),
      await world.signIn({ options }),
      await world.signIn({ subject: 'bob', options }),
    ]
    const operator = world.operator()
    const uncounted = { sessions: 0, hasUncounted: true }
    expect(await operator.count({ frontend: sealed.publicUrl })).toEqual(uncounted)
    expect(await operator.endOne(one.id)).toEqual(uncounted)
    expect(await Promise.all([one, two, bob].map(isOpen))).toEqual([false, true, true])
    expect(await operator.endAll({ issuer, subject: 'alice' })).toEqual(uncounted)
    expect(await Promise.all([two, bob].map(isOpen))).toEqual([false, true])
  })

  test('is refused what cannot be meant, and every act is audited', async () => {
    await world.signIn()
    const operator = world.operator()
    await operator.find({ issuer }, { limit: 10 })
    await operator.endAll({ issuer, subject: 'alice' })
    const invalid = { code: 'ERR_REQUEST_INVALID' }
    const wrong = [
      () => operator.find({ subject: 'alice' }, { limit: 10 }),
      () => operator.find({ issuer }, { limit: 501 }),
      () => operator.endAll({ issuer, sid: 's', frontend: publicUrl }),
      () => operator.endOne('../x'),
    ]
    for (const attempt of wrong) await expect(attempt()).rejects.toMatchObject(invalid)
    await store.close()
    await expect(operator.endAll({})).rejects.toMatchObject({
      code: 'ERR_SESSION_STORE_UNAVAILABLE',
    })
    const actor = { kind: 'operator', name: 'night-shift', address: '192.0.2.9' }
    const refused = { outcome: 'refused', ...invalid }
    expect(world.audits()).toMatchObject([
      { event: 'authz_admin', action: 'find', outcome: 'done', actor, sessions: 1 },
      { event: 'session_revoked', action: 'end_all', outcome: 'done', actor, sessions: 1 },
      { event: 'authz_admin', action: 'find', ...refused },
      { event: 'authz_admin', action: 'find', ...refused },
      { event: 'session_revoked', action: 'end_all', ...refused },
      { event: 'session_revoked', action: 'end_one', ...refused },
      { action: 'end_all', outcome: 'failed', code: 'ERR_SESSION_STORE_UNAVAILABLE' },
    ])
  })
})

test('a session that is unknown everywhere costs an operator one bounded look', async () => {
  let largestPage = 0
  const world = createOwnWorld((clock) => {
    const store = createMemoryStore({ clock })
    return {
      ...store,
      find(filter, page) {
        const found = store.find(filter, page)
        largestPage = Math.max(largestPage, found.sessions.length)
        return found
      },
    }
  })
  await world.plant(10_000)
  const operator = world.operator()
  expect(await operator.endOne(randomToken())).toMatchObject({ sessions: 0 })
  expect(await operator.endAll({ issuer, subject: 'alice' })).toMatchObject({ sessions: 10_000 })
  expect(largestPage).toBe(50)
})
