import { createSecret, parseCookies, randomToken } from '@sallyport/core'
import { createMemoryStore, type MemoryStore } from '@sallyport/session/memory'
import { createTelemetry } from '@sallyport/telemetry'
import { beforeEach, expect, test } from 'vitest'
import { parseConfig } from '../config.ts'
import { createSessions } from '../sessions/create-sessions.ts'
import type { EndReason } from '../sessions/session.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { revokeLate } from './late-revocation.ts'
import { createOnce } from './once.ts'
import { createRevocations } from './revocations.ts'

const { log } = createTelemetry({ service: 'bff', level: 'silent' })
const issuer = 'https://idp.example'
const options = {
  ...{ publicUrl: 'https://app.example', issuer, clientId: 'bff', session: { mode: 'sealed' } },
  clientAuthentication: { secret: randomToken() },
  sealKeys: [{ kid: 'k1', key: createSecret(randomToken()) }],
}
const alice = { issuer, subject: 'alice' }
const claims = { iss: issuer, sub: 'alice', aud: 'bff', iat: 1, exp: 2, sid: 's1' }

let now: number
let memory: MemoryStore
let revoked: string[]
let work: Promise<unknown>[]
let isQueueAway: boolean
beforeEach(() => {
  now = 1_000_000
  memory = createMemoryStore({ clock: () => now })
  revoked = []
  work = []
  isQueueAway = false
})

function create() {
  const config = parseConfig(options)
  const clock = () => now
  const putTask: MemoryStore['putTask'] = (task) => {
    if (isQueueAway) throw new Error('away')
    memory.putTask(task)
  }
  const store = { ...memory, putTask }
  const revocations = createRevocations({
    ...{ config, store, clock, log },
    oidc: { revoke: async (value) => void revoked.push(value) },
    inBackground: (one) => void work.push(one),
  })
  const once = createOnce(store, clock)
  const sessions: Sessions = createSessions({
    ...{ config, store, clock, log, later: () => {} },
    onEnded(session, reason) {
      const late = revokeLate(session, reason, { sessions, revocations, once, clock })
      work.push(late.catch(() => {}))
    },
  })
  return { sessions, revocations }
}

async function signIn(sessions: Sessions) {
  const content = { claims, idToken: 'id', refreshToken: 'refresh', accessTokens: {} }
  const session = await sessions.create({ claims, content, startedAt: now })
  const pairs = session.setCookies.map((one) => one.split(';')[0] as string)
  return { session, cookies: parseCookies(pairs.filter((pair) => !pair.endsWith('=')).join('; ')) }
}

/** Shows a session that is over, some times at once, and waits for what comes of it. */
async function show(sessions: Sessions, cookies: Awaited<ReturnType<typeof signIn>>['cookies']) {
  const opened = await Promise.all([1, 2, 3].map(() => sessions.open(cookies)))
  expect(opened).toEqual([undefined, undefined, undefined])
  while (work.length > 0) await work.shift()
}

test.each<[EndReason]>([['backchannel'], ['shared_signals'], ['revoked']])(
  'tokens of a sealed session that was ended from elsewhere (%s) are revoked when it is shown',
  async (reason) => {
    const { sessions } = create()
    const { cookies } = await signIn(sessions)
    now += 1
    await sessions.endAll(alice, reason)
    expect(revoked).toEqual([])
    await show(sessions, cookies)
    expect(new Set(revoked)).toEqual(new Set(['refresh']))
    revoked = []
    await show(sessions, cookies)
    expect(revoked).toEqual([])
  },
)

test('of one that was renewed meanwhile it is the latest refresh token, however old the cookie', async () => {
  const { sessions } = create()
  const { session, cookies } = await signIn(sessions)
  await sessions.update(session, { lease: { holder: 'h', until: now + 20 } })
  const held = await sessions.reload(session)
  const renewed = { ...session.content, refreshToken: 'second' }
  if (held) await sessions.update(held, { lease: undefined, content: renewed })
  now += 1
  await sessions.endAll(alice, 'backchannel')
  await show(sessions, cookies)
  expect(revoked).toContain('second')
})

test('of all others that the person ended they are revoked; of the one that asked they are not', async () => {
  const { sessions } = create()
  const [own, other] = [await signIn(sessions), await signIn(sessions)]
  await sessions.endOthers(own.session)
  await show(sessions, other.cookies)
  expect(revoked).toContain('refresh')
  expect(await sessions.open(own.cookies)).toBeDefined()
})

test.each<[string, EndReason]>([
  ['signed in again, and may share its grant', 'repeated'],
  ['had its tokens revoked by whoever ended it', 'logout'],
])('one that %s keeps them', async (_why, reason) => {
  const { sessions, revocations } = create()
  const { session, cookies } = await signIn(sessions)
  await sessions.end(session, reason)
  await show(sessions, cookies)
  now += 600
  await revocations.runDue()
  expect(revoked).toEqual([])
})

test('a front-channel sign-out revokes nothing: nothing proves who asked for it', async () => {
  const { sessions } = create()
  const { cookies } = await signIn(sessions)
  now += 1
  await sessions.endAll({ issuer, sid: 's1' }, 'frontchannel')
  await show(sessions, cookies)
  expect(revoked).toEqual([])
})

test('while the queue cannot be written nothing is promised, and the next time it is', async () => {
  const { sessions } = create()
  const { cookies } = await signIn(sessions)
  now += 1
  await sessions.endAll(alice, 'backchannel')
  isQueueAway = true
  await show(sessions, cookies)
  expect(revoked).toEqual([])
  isQueueAway = false
  await show(sessions, cookies)
  expect(revoked).toContain('refresh')
})
