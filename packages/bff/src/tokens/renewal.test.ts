import { createSecret, randomToken, SallyportError } from '@sallyport/core'
import { createMemoryStore } from '@sallyport/session/memory'
import { createTelemetry } from '@sallyport/telemetry'
import { expect, test } from 'vitest'
import { parseConfig } from '../config.ts'
import type { OidcClient } from '../oidc/oidc-client.ts'
import { createSessions } from '../sessions/create-sessions.ts'
import type { Session } from '../sessions/session.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { createAccessTokens } from './access-tokens.ts'
import { toLeaseTimes } from './lease-hold.ts'
import { createModelIssuer } from './model-issuer.fixture.ts'
import { createModelTime } from './model-time.fixture.ts'
import { overNetwork } from './network.fixture.ts'
import { createRenewAhead } from './renew-ahead.ts'

const times = toLeaseTimes(5)
const { log } = createTelemetry({ service: 'bff', level: 'silent' })
const config = parseConfig({
  publicUrl: 'https://app.example',
  issuer: 'https://idp.example',
  clientId: 'bff',
  clientAuthentication: { secret: randomToken() },
  sealKeys: [{ kid: 'k1', key: createSecret(randomToken()) }],
})

const claims = { iss: 'https://idp.example', sub: 'alice', aud: 'bff', iat: 1, exp: 2 }

/** One process, and what the test lets happen once it has its lease, and before its answer comes. */
async function renewWhile(happens: {
  leased?: (world: World) => unknown
  answered?: (world: World) => unknown
}) {
  const time = createModelTime(1_000_000_000)
  const clock = () => Math.floor(time.nowMs() / 1000)
  const store = createMemoryStore({ clock })
  let backAtMs = 0
  let running = Promise.resolve()
  const issuer = createModelIssuer({ time, grace: 0 })
  const model = issuer.clientOf({
    ...{ isAlive: () => true, pausedMsSince: () => 0, travel: async () => {} },
    fate: () => ({ kind: 'well', lateMs: 0 }),
  })
  const sent: string[] = []
  const oidc: Pick<OidcClient, 'refresh'> = {
    async refresh(request) {
      await happens.leased?.(world)
      request.beforeSending?.()
      sent.push(request.refreshToken)
      const grant = await model.refresh(request)
      await happens.answered?.(world)
      return grant
    },
  }
  const far = overNetwork(store, { travel: async () => {}, isDown: () => time.nowMs() < backAtMs })
  const sessions = createSessions({ config, store: far, clock, log, later: () => {} })
  const accessTokens = createAccessTokens({
    ...{ sessions, oidc: oidc as OidcClient, clock, log, times, signInRequest: {} },
    ...{ renewAhead: createRenewAhead(log), revocations: { plan: async () => {}, start() {} } },
    elapsedMs: time.nowMs,
    async wait(ms) {
      await time.sleep(ms)
      await running
    },
  })
  const refreshToken = issuer.signIn('alice')
  const content = { claims, idToken: 'id', refreshToken, accessTokens: {} }
  const session = await sessions.create({ claims, content, startedAt: clock() })
  const world: World = {
    ...{ clock, sessions, session },
    storeIsAwayFor(seconds) {
      backAtMs = time.nowMs() + seconds * 1000
    },
    async pausedWhile(work) {
      const { promise, resolve } = Promise.withResolvers<void>()
      running = promise
      await time.pass(8000, async () => {})
      await work()
      resolve()
    },
  }
  let token: unknown
  const renewal = Promise.resolve(accessTokens.forSession(session, {})).then(
    (given) => {
      token = given
    },
    (error) => {
      token = error
    },
  )
  while (token === undefined) await time.pass(100, () => new Promise(setImmediate))
  await renewal
  backAtMs = 0
  return { sent, token, latest: await sessions.reload(session) }
}

interface World {
  clock: () => number
  sessions: Sessions
  session: Session
  storeIsAwayFor(seconds: number): void
  /** This process stands still for longer than a lease lasts, and others do not. */
  pausedWhile(work: () => Promise<void>): Promise<void>
}

/** What another process does to a session whose lease is over: takes it, and stores what it got. */
async function renewElsewhere({ sessions, session, clock }: World, refreshToken: string) {
  const { content } = session
  const others = { accessToken: 'others', tokenType: 'Bearer' as const }
  const token = { ...others, obtainedAt: clock(), expiresAt: clock() + 30 }
  const changes = [
    { lease: { holder: 'other', until: clock() } },
    { lease: undefined, content: { ...content, refreshToken, accessTokens: { '': token } } },
  ]
  for (const change of changes) {
    expect(await sessions.update((await sessions.reload(session)) as Session, change)).toBe(true)
  }
}

test('what a renewal brought is stored when the store is back, and nothing is sent again', async () => {
  const { sent, token, latest } = await renewWhile({
    answered: (world) => world.storeIsAwayFor(18),
  })
  expect(token).toMatchObject({ accessToken: expect.stringMatching(/^alice-access/) })
  expect(latest?.content.accessTokens['']).toEqual(token)
  expect(latest?.content.refreshToken).not.toBe(sent[0])
  expect(sent).toHaveLength(1)
})

test('a store that is away for longer than a renewal may take is a failure of the store', async () => {
  const { token } = await renewWhile({ answered: (world) => world.storeIsAwayFor(200) })
  expect(token).toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE' })
})

test('what comes after the lease was taken over overwrites nothing, and is not used', async () => {
  const { token, latest } = await renewWhile({
    answered: (world) => world.pausedWhile(() => renewElsewhere(world, 'newer')),
  })
  expect(token).toMatchObject({ accessToken: 'others' })
  expect(latest?.content.refreshToken).toBe('newer')
})

test('a refusal that comes after the lease was taken over ends nothing', async () => {
  const { token, latest } = await renewWhile({
    async answered(world) {
      await renewElsewhere(world, 'newer')
      throw new SallyportError('ERR_LOGIN_REQUIRED', 'invalid_grant')
    },
  })
  expect(token).toMatchObject({ accessToken: 'others' })
  expect(latest?.content.refreshToken).toBe('newer')
})

test('an answer that got lost is not asked for again by who has lost the lease meanwhile', async () => {
  const { sent, token } = await renewWhile({
    async answered(world) {
      await renewElsewhere(world, 'newer')
      throw new SallyportError('ERR_IDP_UNAVAILABLE', 'lost', { cause: new Error('reset') })
    },
  })
  expect(sent).toHaveLength(1)
  expect(token).toMatchObject({ accessToken: 'others' })
})

test('a process that was paused before it could send sends nothing, and looks again', async () => {
  const { sent, token } = await renewWhile({
    leased: (world) => world.pausedWhile(() => renewElsewhere(world, 'newer')),
  })
  expect(sent).toEqual([])
  expect(token).toMatchObject({ accessToken: 'others' })
})
