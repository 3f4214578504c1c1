import { createSecret, randomToken, sha256 } from '@sallyport/core'
import type { SessionKey, SessionRecord, SessionStore } from '@sallyport/session'
import { createMemoryStore, type MemoryStore } from '@sallyport/session/memory'
import { createTelemetry } from '@sallyport/telemetry'
import { beforeEach, expect, test } from 'vitest'
import { parseConfig } from '../config.ts'
import { createSessions } from '../sessions/create-sessions.ts'
import { createMassLogout } from './mass-logout.ts'
import { createRevocations } from './revocations.ts'

const { log } = createTelemetry({ service: 'bff', level: 'silent' })
const issuer = 'https://idp.example'
const options = {
  ...{ publicUrl: 'https://app.example', issuer, clientId: 'bff' },
  clientAuthentication: { secret: randomToken() },
  sealKeys: [{ kid: 'k1', key: createSecret(randomToken()) }],
}
const alice = { issuer, subject: 'alice' }

let now: number
let memory: MemoryStore
/** Tokens that the issuer was asked to revoke. */
let revoked: string[]
let background: Promise<unknown>[]
beforeEach(() => {
  now = 1_000_000
  memory = createMemoryStore({ clock: () => now })
  revoked = []
  background = []
})

function create(changes: Partial<SessionStore> = {}, publicUrl = options.publicUrl) {
  const config = parseConfig({ ...options, publicUrl })
  const clock = () => now
  const store = { ...memory, ...changes }
  const sessions = createSessions({ config, store, clock, log, later: () => {} })
  const revocations = createRevocations({
    ...{ config, store, clock, log },
    oidc: { revoke: async (value) => void revoked.push(value) },
    inBackground: (work) => void background.push(work),
  })
  const massLogout = createMassLogout({
    ...{ config, sessions, stored: sessions, revocations, clock, log },
  })
  return { sessions, revocations, massLogout }
}

/** @param name stands in its refresh token. */
async function signIn(name: string, subject = 'alice', { sessions } = create()) {
  const claims = { iss: issuer, sub: subject, aud: 'bff', iat: 1, exp: 2, sid: `sid-${name}` }
  const content = { claims, idToken: 'id', refreshToken: `refresh-${name}`, accessTokens: {} }
  return sessions.create({ claims, content, startedAt: now })
}

/** A session that no key opens. */
function plant(): SessionRecord {
  const ends = { expiresAt: now + 600, absoluteExpiresAt: now + 600 }
  const key = sha256(randomToken()) as SessionKey
  const record = { key, version: 1, frontend: options.publicUrl, ...alice, createdAt: now }
  memory.put({ ...record, ...ends, sealed: 'k1.nothing' })
  return { ...record, ...ends, sealed: '' }
}

const isLive = (key: SessionKey) => memory.get(key) !== undefined

test('the tokens of all that end are revoked, and of nobody else', async () => {
  const [one, two, bob] = [await signIn('1'), await signIn('2'), await signIn('3', 'bob')]
  expect(await create().massLogout.all(alice, 'backchannel')).toBe(2)
  await Promise.all(background)
  expect(revoked.sort()).toEqual(['refresh-1', 'refresh-2'])
  expect([one, two, bob].map(({ record }) => isLive(record.key))).toEqual([false, false, true])
})

test('what cannot be opened ends all the same, and counts', async () => {
  await signIn('1')
  const unreadable = plant()
  const elsewhere = await signIn('2', 'alice', create({}, 'https://other.example'))
  expect(await create().massLogout.all(alice, 'backchannel')).toBe(3)
  expect([unreadable, elsewhere.record].map(({ key }) => isLive(key))).toEqual([false, false])
  await Promise.all(background)
  expect(revoked).toEqual(['refresh-1'])
})

test('tokens that cannot be written down keep no session alive', async () => {
  const { record } = await signIn('1')
  const broken = create({
    putTask: () => {
      throw new Error('disk full')
    },
  })
  expect(await broken.massLogout.all(alice, 'backchannel')).toBe(1)
  expect(isLive(record.key)).toBe(false)
})

test('a list that cannot be had keeps no session alive', async () => {
  const { record } = await signIn('1')
  const broken = create({ find: () => Promise.reject(new Error('index lost')) })
  expect(await broken.massLogout.all(alice, 'backchannel')).toBe(1)
  expect(isLive(record.key)).toBe(false)
})

test('only those that had begun by then end, and lose their tokens', async () => {
  const old = await signIn('old')
  now += 10
  const fresh = await signIn('fresh')
  expect(await create().massLogout.all(alice, 'shared_signals', now - 5)).toBe(1)
  await Promise.all(background)
  expect([old, fresh].map(({ record }) => isLive(record.key))).toEqual([false, true])
  expect(revoked).toEqual(['refresh-old'])
})

test('a refresh token that came after the list was read is revoked too', async () => {
  const session = await signIn('first')
  const { sessions } = create()
  const late = create({
    find(filter, page) {
      const found = memory.find(filter, page)
      const content = { ...session.content, refreshToken: 'refresh-second' }
      if (found.sessions.length > 0) sessions.update(session, { content })
      return found
    },
  })
  expect(await late.massLogout.all(alice, 'backchannel')).toBe(1)
  await Promise.all(background)
  expect(revoked).toContain('refresh-second')
})

test('of many the issuer hears of twenty at once, and of the others bit by bit', async () => {
  for (let i = 0; i < 230; i += 1) await signIn(`${i}`)
  const { massLogout, revocations } = create()
  expect(await massLogout.all(alice, 'backchannel')).toBe(230)
  await Promise.all(background)
  expect(revoked).toHaveLength(20)
  now += 60
  await revocations.runDue()
  expect(revoked).toHaveLength(220)
  await revocations.runDue()
  expect(new Set(revoked).size).toBe(230)
})

test('all others end, the one that asks does not', async () => {
  const [own, other] = [await signIn('own'), await signIn('other')]
  const unreadable = plant()
  expect(await create().massLogout.others(own)).toBe(2)
  await Promise.all(background)
  const all = [own.record, other.record, unreadable].map(({ key }) => isLive(key))
  expect(all).toEqual([true, false, false])
  expect(revoked).toEqual(['refresh-other'])
})

test('a sign-in that was under way when all others ended does not begin', async () => {
  const own = await signIn('own')
  const startedAt = now
  now += 1
  await create().massLogout.others(own)
  const claims = { iss: issuer, sub: 'alice', aud: 'bff', iat: 1, exp: 2 }
  const content = { claims, idToken: 'id', accessTokens: {} }
  const late = create().sessions.create({ claims, content, startedAt })
  await expect(late).rejects.toMatchObject({ code: 'ERR_CALLBACK_REJECTED' })
  expect(isLive(own.record.key)).toBe(true)
})
