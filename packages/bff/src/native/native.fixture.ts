import { createSecret, randomToken, sha256 } from '@sallyport/core'
import type { SessionStore } from '@sallyport/session'
import { createMemoryStore, type MemoryStore } from '@sallyport/session/memory'
import { createTelemetry } from '@sallyport/telemetry'
import { beforeEach } from 'vitest'
import { parseConfig } from '../config.ts'
import type { BffContext } from '../context.ts'
import { createRevocations } from '../logout/revocations.ts'
import { createSessions } from '../sessions/create-sessions.ts'
import { createStoredSessions } from '../sessions/stored-sessions.ts'
import type { AccessTokens } from '../tokens/access-tokens.ts'
import { createCodes, type PendingSignIn } from './codes.ts'
import { createNativeSessions } from './native-sessions.ts'
import { createUnclaimedGrants } from './unclaimed-grants.ts'

const { log } = createTelemetry({ service: 'bff', level: 'silent' })
const codeVerifier = randomToken()
export const sealKeys = [{ kid: 'k', key: createSecret(randomToken()) }]
export const redirectUri = 'com.example:/cb'
export const phone = {
  ...{ clientId: 'phone', redirectUri, state: 's', jkt: sha256('key') },
  codeChallenge: sha256(codeVerifier),
}
export const claims = {
  ...{ iss: 'https://idp.example', sub: 'alice', aud: 'bff', iat: 1, exp: 2, sid: 's1' },
}
const content = { claims, idToken: 'id', refreshToken: 'refresh', accessTokens: {} }
/** What the app brings, but for the code. */
export const rightful = {
  ...{ clientId: phone.clientId, redirectUri, codeVerifier, jkt: phone.jkt },
}

/** What a test's processes share; each test starts with a new one. */
export const world = {
  now: 0,
  store: undefined as unknown as MemoryStore,
  /** Tokens that the issuer was asked to revoke. */
  revoked: [] as string[],
  background: [] as Promise<unknown>[],
  timers: [] as { at: number; work: () => Promise<void> }[],
}
beforeEach(() => {
  world.now = 1_000_000
  world.store = createMemoryStore({ clock: () => world.now })
  world.revoked = []
  world.background = []
  world.timers = []
})

/** Lets time go by, with all that was to be done after some of it. */
export async function pass(seconds: number): Promise<void> {
  world.now += seconds
  const due = world.timers.filter(({ at }) => at <= world.now)
  world.timers = world.timers.filter((timer) => !due.includes(timer))
  for (const { work } of due) await work()
}

/** A BFF as far as apps' sessions go, as one of several processes on the store. */
export function createProcess(
  session: { splitSeal?: boolean; mode?: 'stored' | 'sealed' } = {},
  nativeApps = [{ clientId: 'phone', name: 'Phone', redirectUris: [redirectUri] }],
  store: SessionStore = world.store,
) {
  const config = parseConfig({
    ...{ publicUrl: 'https://app.example', issuer: 'https://idp.example', clientId: 'bff' },
    ...{ clientAuthentication: { secret: randomToken() }, sealKeys, nativeApps, session },
  })
  const clock = () => world.now
  const later = (seconds: number, work: () => Promise<void>) => {
    world.timers.push({ at: world.now + seconds, work })
  }
  const parts = { config, store, clock, log, later }
  const revocations = createRevocations({
    ...{ config, store, clock, log },
    oidc: { revoke: async (token) => void world.revoked.push(token) },
    inBackground: (work) => void world.background.push(work),
  })
  const codes = createCodes(config, store, clock)
  const native = createNativeSessions({
    ...{ config, clock, replays: store, sessions: createStoredSessions(parts), codes },
    unclaimed: createUnclaimedGrants({ ...parts, codes, revocations }),
    accessTokens: {} as AccessTokens,
    nonces: undefined,
  })
  const sessions = createSessions(parts)
  const context = { config, clock, log, revocations, sessions, native } as unknown as BffContext & {
    native: typeof native
  }
  return { context, native, revocations, sessions }
}

/** A sign-in that has come back from the issuer. @returns the code that the app gets for it. */
export async function issue({ native }: ReturnType<typeof createProcess>): Promise<string> {
  const start = { claims, content, startedAt: world.now }
  const signIn: PendingSignIn = { request: phone, start }
  const code = await native.codes.issue(signIn)
  await native.unclaimed.watch(code, content)
  return code
}
