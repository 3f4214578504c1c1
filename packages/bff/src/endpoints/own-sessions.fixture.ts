import { createSecret, randomToken, sha256 } from '@sallyport/core'
import type { OwnSessionsResponse } from '@sallyport/core/contract'
import { type SessionKey, type SessionStore, toSessionId } from '@sallyport/session'
import { createTelemetry } from '@sallyport/telemetry'
import { type Bff, createBff } from '../create-bff.ts'
import type { RespondDecision } from '../decision.ts'
import { createOperator } from '../operator/create-operator.ts'
import type { Operator } from '../operator/operator.ts'
import { createSessions } from '../sessions/create-sessions.ts'

export const issuer = 'https://idp.example'
export const publicUrl = 'https://app.example'

const base = {
  ...{ publicUrl, issuer, clientId: 'bff' },
  sealKeys: [{ kid: 'k1', key: createSecret(randomToken()) }],
  clientAuthentication: { secret: randomToken() },
}

/** Somebody who signed in: what the browser has, and what names the session. */
export interface SignedIn {
  readonly cookie: string
  readonly key: SessionKey
  readonly id: string
}

interface SignIn {
  subject?: string
  device?: string
  /** Changes the BFF's options. */
  options?: object
}

interface Ask {
  cookie?: string | undefined
  headers?: string[]
  options?: object
}

/** BFFs over one store and one clock, where people are signed in without an issuer. */
export function createOwnWorld(createStore: (clock: () => number) => SessionStore) {
  const world = {
    ...{ now: 1_000_000, lines: [] as string[] },
    ...{ signIn, plant, ask, list, isLive, audits, operator },
  }
  const bffs = new Map<string, Bff>()
  const clock = () => world.now
  const destination = { write: (line: string) => void world.lines.push(line) }
  const telemetry = createTelemetry({ service: 'bff', destination })
  const store = createStore(clock)
  function openBff(options = {}): Bff {
    const bff = createBff({ ...base, ...options }, { store, telemetry, clock })
    bffs.set(bff.config.frontend, bff)
    return bff
  }

  /** One over all BFFs that there have been. */
  function operator(): Operator {
    const actor = { name: 'night-shift', address: '192.0.2.9' }
    return createOperator({ store, telemetry, clock, actor, bffs: () => [...bffs.values()] })
  }

  async function signIn({ subject = 'alice', device, options }: SignIn = {}): Promise<SignedIn> {
    const { config } = openBff(options)
    const sessions = createSessions({ config, store, clock, log: telemetry.log, later: () => {} })
    const claims = { iss: issuer, sub: subject, aud: 'bff', iat: 1, exp: 2 }
    const content = { claims, idToken: 'planted-id-token', accessTokens: {} }
    const session = await sessions.create({ claims, content, startedAt: clock(), device })
    const pairs = session.setCookies.map((one) => one.split(';')[0] as string)
    const cookie = pairs.filter((pair) => !pair.endsWith('=')).join('; ')
    const { key } = session.record
    return { cookie, key, id: toSessionId(key) }
  }

  /** Writes sessions of alice that nobody has a cookie of, and that no key opens. */
  async function plant(count: number): Promise<void> {
    const ends = { expiresAt: clock() + 600, absoluteExpiresAt: clock() + 600 }
    const person = { frontend: publicUrl, issuer, subject: 'alice' }
    const put = (i: number) =>
      store.put({
        ...{ key: sha256(`planted-${i}`) as SessionKey, version: 1, sealed: 'x'.repeat(2000) },
        ...{ ...person, ...ends, createdAt: i },
      })
    await Promise.all(Array.from({ length: count }, (_, i) => put(i)))
  }

  async function ask(method: string, target: string, { cookie, headers, options }: Ask = {}) {
    const bff = openBff(options)
    const own = headers ?? ['x-csrf', '1', 'sec-fetch-site', 'same-origin']
    const decision = await bff.decide({
      ...{ method, target, remoteAddress: '192.0.2.1' },
      headers: ['host', 'app.example', ...own, ...(cookie ? ['cookie', cookie] : [])],
    })
    await bff.close()
    const { status, body, headers: sent } = decision as RespondDecision
    return { status, body: body ? JSON.parse(body) : undefined, sent }
  }

  async function list(cookie: string): Promise<OwnSessionsResponse> {
    return (await ask('GET', '/bff/sessions', { cookie })).body
  }

  async function isLive(key: SessionKey): Promise<boolean> {
    return (await store.get(key)) !== undefined
  }

  function audits() {
    return world.lines.map((line) => JSON.parse(line)).filter(({ audit }) => audit)
  }

  return world
}
