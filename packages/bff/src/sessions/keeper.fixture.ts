import { createSecret, parseCookies, randomToken } from '@sallyport/core'
import type { SessionStore } from '@sallyport/session'
import { createMemoryStore } from '@sallyport/session/memory'
import { createTelemetry } from '@sallyport/telemetry'
import { beforeEach } from 'vitest'
import { parseConfig } from '../config.ts'
import { createSessions } from './create-sessions.ts'
import type { SessionContent } from './session.ts'
import type { Sessions } from './sessions.ts'

const { log } = createTelemetry({ service: 'bff', level: 'silent' })
export const sealKeys = [{ kid: 'k1', key: createSecret(randomToken()) }]

/** What a test's keepers of sessions share; each test starts with a new one. */
export const world = {
  now: 0,
  store: undefined as unknown as SessionStore,
}

beforeEach(() => {
  world.now = 1_000_000
  world.store = createMemoryStore({ clock: () => world.now })
})

export const modes = ['stored', 'sealed', 'stored, split', 'sealed, split'] as const
export type Mode = (typeof modes)[number]

/** What a keeper has of its own, as another process would. */
export interface KeeperParts {
  store?: SessionStore
  later?: (seconds: number, work: () => Promise<void>) => void
}

export function createKeeper(mode: Mode, changes: object = {}, parts: KeeperParts = {}): Sessions {
  const [kept] = mode.split(',')
  const options = {
    publicUrl: 'https://app.example',
    issuer: 'https://idp.example',
    clientId: 'bff',
    clientAuthentication: { secret: randomToken() },
    sealKeys,
    session: {
      ...{ mode: kept, splitSeal: mode.endsWith('split') },
      ...{ idleTimeout: 600, absoluteTimeout: 3600 },
    },
  }
  const config = parseConfig({ ...options, ...changes })
  const around = { config, clock: () => world.now, log }
  return createSessions({ ...around, store: world.store, later() {}, ...parts })
}

/** What keeps cookies as a browser does. */
export function createJar() {
  const jar = new Map<string, string>()
  return {
    jar,
    cookies: () => parseCookies([...jar].map(([name, value]) => `${name}=${value}`).join('; ')),
    keep(setCookies: readonly string[]) {
      for (const setCookie of setCookies) {
        const [, name = '', value] = /^([^=]+)=([^;]*)/.exec(setCookie) ?? []
        if (value) jar.set(name, value)
        else jar.delete(name)
      }
    },
  }
}

export const claims = {
  iss: 'https://idp.example',
  sub: 'alice',
  aud: 'bff',
  iat: 1,
  exp: 2,
  sid: 's1',
}

export function content(changes: Partial<SessionContent> = {}): SessionContent {
  return { claims, idToken: 'id', refreshToken: 'first', accessTokens: {}, ...changes }
}

export async function signIn(sessions: Sessions, changes: Partial<SessionContent> = {}) {
  const browser = createJar()
  const made = content(changes)
  const session = await sessions.create({
    claims: { ...claims, ...made.claims },
    content: made,
    startedAt: world.now,
  })
  browser.keep(session.setCookies)
  return browser
}

/** One request: opens the session, counts as activity, and keeps the cookies it is answered with. */
export async function call(sessions: Sessions, browser: ReturnType<typeof createJar>) {
  const session = await sessions.open(browser.cookies())
  if (session) browser.keep(sessions.slide(session))
  return session
}

/** Renews as access-tokens.ts does: a lease first, then what it brought. */
export async function renew(
  sessions: Sessions,
  browser: ReturnType<typeof createJar>,
  refreshToken: string,
) {
  const session = await sessions.open(browser.cookies())
  if (!session) throw new Error('no session to renew')
  const lease = { holder: refreshToken, until: world.now + 20 }
  if (!(await sessions.update(session, { lease }))) return false
  const held = await sessions.reload(session)
  if (held?.record.lease?.holder !== refreshToken) return false
  return sessions.update(held, { lease: undefined, content: { ...held.content, refreshToken } })
}
