import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, randomToken } from '@sallyport/core'
import type { SessionStore } from '@sallyport/session'
import { createLmdbStore } from '@sallyport/session/lmdb'
import { createMemoryStore } from '@sallyport/session/memory'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createOwnWorld, issuer, publicUrl } from './own-sessions.fixture.ts'

const stores: [string, (folder: string, clock: Clock) => SessionStore][] = [
  ['memory', (_folder, clock) => createMemoryStore({ clock })],
  ['LMDB', (folder, clock) => createLmdbStore({ folder, clock })],
]

describe.each(stores)('one’s own sessions in %s', (_name, create) => {
  let world: ReturnType<typeof createOwnWorld>
  let folder: string
  let store: SessionStore
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-own-'))
    world = createOwnWorld((clock) => {
      store = create(folder, clock)
      return store
    })
  })
  afterEach(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })

  test('are listed with the latest first, and with nothing that opens or finds one', async () => {
    const first = await world.signIn({ device: 'Firefox on Linux' })
    world.now += 10
    const second = await world.signIn()
    const body = await world.list(first.cookie)
    expect(body).toEqual([
      {
        ...{ id: second.id, isCurrent: false, createdAt: world.now, lastSeenAt: world.now },
        expiresAt: world.now + 1800,
      },
      {
        ...{ id: first.id, isCurrent: true, device: 'Firefox on Linux' },
        ...{
          createdAt: world.now - 10,
          lastSeenAt: world.now - 10,
          expiresAt: world.now - 10 + 1800,
        },
      },
    ])
    const text = JSON.stringify(body)
    for (const { key, cookie } of [first, second]) {
      expect(text).not.toContain(key)
      expect(text).not.toContain(cookie.split('=')[1])
    }
    expect(text).not.toContain('planted')
  })

  test('are those of this person, this frontend and this issuer alone', async () => {
    const own = await world.signIn()
    await world.signIn({ subject: 'bob' })
    await world.signIn({ options: { publicUrl: 'https://app.example/shop' } })
    await world.signIn({ options: { publicUrl: 'https://other.example' } })
    expect((await world.list(own.cookie)).map(({ id }) => id)).toEqual([own.id])
  })

  test('end one by one; the one that asks goes on', async () => {
    const [own, other, third] = [await world.signIn(), await world.signIn(), await world.signIn()]
    const answer = await world.ask('DELETE', `/bff/sessions/${other.id}`, { cookie: own.cookie })
    expect(answer.status).toBe(200)
    expect(await Promise.all([own, other, third].map(({ key }) => world.isLive(key)))).toEqual([
      ...[true, false, true],
    ])
    const refused = await world.ask('GET', '/bff/user', { cookie: other.cookie })
    expect(refused.status).toBe(401)
    const again = await world.ask('DELETE', `/bff/sessions/${other.id}`, { cookie: own.cookie })
    expect(again.body.type).toBe('urn:sallyport:problem:session_not_found')
  })

  test('end all but the one that asks, those that no key opens included', async () => {
    const own = await world.signIn()
    const others = [await world.signIn(), await world.signIn()]
    await world.plant(60)
    const bystanders = [
      await world.signIn({ subject: 'bob' }),
      await world.signIn({ options: { publicUrl: 'https://app.example/shop' } }),
    ]
    const answer = await world.ask('DELETE', '/bff/sessions', { cookie: own.cookie })
    expect(answer).toMatchObject({ status: 200, body: { ended: 62 } })
    expect(await Promise.all(others.map(({ key }) => world.isLive(key)))).toEqual([false, false])
    expect(await Promise.all([own, ...bystanders].map(({ key }) => world.isLive(key)))).toEqual([
      ...[true, true, true],
    ])
  })

  test('that ends itself is signed out as by logout', async () => {
    const own = await world.signIn()
    const answer = await world.ask('DELETE', `/bff/sessions/${own.id}`, { cookie: own.cookie })
    expect(answer).toMatchObject({ status: 200, body: { logoutUrl: '/bff/logout' } })
    const cookies = answer.sent.filter((_, i) => answer.sent[i - 1] === 'set-cookie')
    expect(cookies.join()).toMatch(/__Host-Http-bff=;[^,]*max-age=0/i)
    expect(await world.isLive(own.key)).toBe(false)
  })

  test('ids of others’ sessions are answered like ids of none, to the byte', async () => {
    const own = await world.signIn()
    const foreign = [
      await world.signIn({ subject: 'bob' }),
      await world.signIn({ options: { publicUrl: 'https://other.example' } }),
    ]
    const unknown = await world.ask('DELETE', `/bff/sessions/${randomToken()}`, {
      cookie: own.cookie,
    })
    expect(unknown.status).toBe(404)
    for (const { id, key } of foreign) {
      const answer = await world.ask('DELETE', `/bff/sessions/${id}`, { cookie: own.cookie })
      expect(answer).toEqual(unknown)
      expect(await world.isLive(key)).toBe(true)
    }
    const byKey = await world.ask('DELETE', `/bff/sessions/${own.key}`, { cookie: own.cookie })
    expect(byKey).toEqual(unknown)
    expect(await world.isLive(own.key)).toBe(true)
  })

  test.each([
    ['a dot segment', '/bff/sessions/..', 400],
    ['an encoded slash', '/bff/sessions/%2f', 400],
    ['an empty segment', '/bff/sessions//', 400],
    ['a trailing slash', '/bff/sessions/', 404],
    ['a slash behind', `/bff/sessions/${'a'.repeat(43)}/`, 404],
    ['a parameter', `/bff/sessions/${'a'.repeat(43)};x`, 404],
    ['an escape', `/bff/sessions/${'a'.repeat(42)}%C3%A9`, 404],
    ['too short', '/bff/sessions/a', 404],
    ['too long', `/bff/sessions/${'a'.repeat(5000)}`, 404],
    ['the pattern itself', '/bff/sessions/{id}', 400],
  ])('are not found by an id with %s', async (_what, target, status) => {
    const { cookie, key } = await world.signIn()
    const answer = await world.ask('DELETE', target, { cookie })
    expect(answer.status).toBe(status)
    if (status === 404) expect(answer.body.type).toBe('urn:sallyport:problem:not_found')
    expect(await world.isLive(key)).toBe(true)
  })

  test('need the whole anti-forgery policy, and a session', async () => {
    const own = await world.signIn()
    const id = randomToken()
    for (const [method, target] of [
      ['GET', '/bff/sessions'],
      ['DELETE', '/bff/sessions'],
      ['DELETE', `/bff/sessions/${id}`],
    ] as const) {
      for (const headers of [
        ['sec-fetch-site', 'same-origin'],
        ['x-csrf', '1', 'origin', 'https://evil.example'],
        ['x-csrf', '1', 'sec-fetch-site', 'same-site'],
      ]) {
        const answer = await world.ask(method, target, { cookie: own.cookie, headers })
        expect(answer.status).toBe(403)
      }
      expect((await world.ask(method, target)).status).toBe(401)
    }
    expect((await world.ask('POST', '/bff/sessions', { cookie: own.cookie })).status).toBe(405)
    expect((await world.ask('GET', `/bff/sessions/${id}`, { cookie: own.cookie })).status).toBe(405)
  })

  test('each act is audited, done or refused, and says nothing that opens a session', async () => {
    const own = await world.signIn()
    const other = await world.signIn()
    await world.ask('DELETE', `/bff/sessions/${other.id}`, { cookie: own.cookie })
    await world.ask('DELETE', `/bff/sessions/${other.id}`, { cookie: own.cookie })
    await world.ask('DELETE', '/bff/sessions', { cookie: own.cookie })
    const actor = { kind: 'account', name: 'alice', address: '192.0.2.1' }
    const filter = { issuer, subject: 'alice', frontend: publicUrl }
    expect(world.audits()).toMatchObject([
      { event: 'session_revoked', action: 'end_own', outcome: 'done', actor, sessions: 1 },
      { action: 'end_own', outcome: 'refused', code: 'ERR_SESSION_NOT_FOUND' },
      { action: 'end_others', outcome: 'done', actor, filter, sessions: 0 },
    ])
    for (const { key, cookie } of [own, other]) {
      expect(world.lines.join()).not.toContain(key)
      expect(world.lines.join()).not.toContain(cookie.split('=')[1])
    }
  })
})
