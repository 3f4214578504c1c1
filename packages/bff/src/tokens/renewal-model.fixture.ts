import { createSecret, errorCode, parseCookies, randomToken } from '@sallyport/core'
import { createMemoryStore } from '@sallyport/session/memory'
import { createTelemetry } from '@sallyport/telemetry'
import fc from 'fast-check'
import { parseConfig } from '../config.ts'
import { createRevocations } from '../logout/revocations.ts'
import { createSessions } from '../sessions/create-sessions.ts'
import type { Session } from '../sessions/session.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { withStoreFailures } from '../sessions/store-failures.ts'
import { type AccessTokens, createAccessTokens } from './access-tokens.ts'
import { createModelIssuer, type Fate } from './model-issuer.fixture.ts'
import { overNetwork } from './network.fixture.ts'
import { createRenewAhead } from './renew-ahead.ts'

export type Mode = 'stored' | 'sealed'

export interface Setting {
  mode: Mode
  /** Seconds for which the issuer takes a refresh token again. */
  grace: number
  splitSeal: boolean
}

/** What happens next, and how many steps of what is under way are taken before the next thing. */
export type Happening = { steps: number } & (
  | { kind: 'call' | 'logout'; node: number; person: number }
  | { kind: 'crash'; node: number }
  | { kind: 'jump'; node: number; seconds: number }
  | { kind: 'time' | 'outage'; seconds: number }
)

const people = ['alice', 'bob']
const nodeCount = 3
const leaseTime = 20
const steps = fc.nat(12)
const node = fc.nat(nodeCount - 1)
const person = fc.nat(people.length - 1)
export const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('call' as const), node, person, steps }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('logout' as const), node, person, steps }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash' as const), node, steps }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('jump' as const),
      node,
      seconds: fc.constantFrom(-3600, -30, 0, 30, 3600),
      steps,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('outage' as const),
      seconds: fc.constantFrom(1, 8),
      steps,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('time' as const),
      seconds: fc.constantFrom(1, 5, 60, 90, 120),
      steps,
    }),
  },
)
export const fates = fc.infiniteStream(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant<Fate>('well') },
    { weight: 1, arbitrary: fc.constant<Fate>('down') },
    { weight: 1, arbitrary: fc.constant<Fate>('lost') },
  ),
)

const { log } = createTelemetry({ service: 'bff', level: 'silent' })
const sealKeys = [{ kid: 'k1', key: createSecret(randomToken()) }]

interface Process {
  sessions: Sessions
  accessTokens: AccessTokens
  isAlive: boolean
  /** Seconds that its clock is wrong. */
  clockOffset: number
}

interface Person {
  name: string
  jar: Map<string, string>
  firstRefreshToken: string
  /** A sign-out has begun, and has been answered. */
  isLeaving: boolean
  isSignedOut: boolean
}

/** Several processes on one store and one issuer, in which everything takes as long as it is told. */
export async function createModel(
  { mode, grace, splitSeal }: Setting,
  s: fc.Scheduler,
  nextFate: () => Fate,
) {
  let nowMs = 1_000_000_000
  const clock = () => Math.floor(nowMs / 1000)
  const store = createMemoryStore({ clock })
  const issuer = createModelIssuer({ clock, grace, trust: leaseTime / 2 })
  const problems: string[] = []
  let crashes = 0
  let storeIsBackAtMs = 0
  const config = parseConfig({
    publicUrl: 'https://app.example',
    issuer: 'https://idp.example',
    clientId: 'bff',
    clientAuthentication: { secret: randomToken() },
    sealKeys,
    session: { mode, splitSeal, idleTimeout: 28_800, absoluteTimeout: 86_400 },
  })

  function startProcess(): Process {
    const process = { isAlive: true, clockOffset: 0 } as Process
    const ownClock = () => clock() + process.clockOffset
    const parts = { clock: ownClock, log }
    /** Nothing that a dead process waits for ever comes. */
    const travel = async (what: string) => {
      await s.schedule(Promise.resolve(), what)
      if (!process.isAlive) await new Promise(() => {})
    }
    const own = overNetwork(store, { travel, isDown: () => nowMs < storeIsBackAtMs })
    process.sessions = createSessions({ ...parts, config, store: own, later: () => {} })
    const oidc = issuer.clientOf({ isAlive: () => process.isAlive, fate: nextFate, travel })
    const revocations = createRevocations({
      ...{ ...parts, config, store: withStoreFailures(own), oidc },
      inBackground: (work) => void work.catch(() => {}),
    })
    process.accessTokens = createAccessTokens({
      ...{ ...parts, sessions: process.sessions, oidc, revocations, leaseTime },
      ...{ renewAhead: createRenewAhead(log), signInRequest: {}, elapsedMs: () => nowMs },
      async wait(ms) {
        await travel('time')
        nowMs += ms * 4
      },
    })
    return process
  }

  const processes = Array.from({ length: nodeCount }, startProcess)
  const crowd: Person[] = []
  const home = createSessions({ ...{ config, store, clock, log }, later: () => {} })
  for (const name of people) {
    const refreshToken = issuer.signIn(name)
    const claims = { iss: 'https://idp.example', sub: name, aud: 'bff', iat: 1, exp: 2 }
    const content = { claims, idToken: 'id', refreshToken, accessTokens: {} }
    const session = await home.create({ claims, content, startedAt: clock() })
    const jar = new Map<string, string>()
    keep(jar, session.setCookies)
    crowd.push({ name, jar, firstRefreshToken: refreshToken, isLeaving: false, isSignedOut: false })
  }

  async function call({ sessions, accessTokens }: Process, who: Person): Promise<void> {
    const wasSignedOut = who.isSignedOut
    const session = await sessions.open(present(who.jar))
    if (!session) {
      if (!who.isLeaving) problems.push(`${who.name} lost the session`)
      return
    }
    keep(who.jar, sessions.slide(session))
    const accessToken = await tokenOf(accessTokens, session)
    if (!accessToken) return
    issuer.noteUse(accessToken)
    if (wasSignedOut) problems.push(`a call of ${who.name} went through after the sign-out`)
    if (!accessToken.startsWith(`${who.name}-`)) problems.push(`${who.name} got ${accessToken}`)
  }

  async function tokenOf(accessTokens: AccessTokens, session: Session) {
    try {
      return (await accessTokens.forSession(session, {})).accessToken
    } catch (error) {
      if (errorCode(error) === 'ERR_INTERNAL') throw error
      return undefined
    }
  }

  async function logout({ sessions }: Process, who: Person, client: Process): Promise<void> {
    who.isLeaving = true
    const session: Session | undefined = await sessions.open(present(who.jar))
    if (!session) return
    const ended = await sessions.end(session, 'logout')
    who.isSignedOut = true
    if (ended?.content.refreshToken && client.isAlive) issuer.endFamily(ended.content.refreshToken)
  }

  return {
    issuer,
    problems,
    crowd,
    home,
    crashes: () => crashes,
    start(happens: Happening): void {
      const process = 'node' in happens ? (processes[happens.node] as Process) : undefined
      const who = 'person' in happens ? (crowd[happens.person] as Person) : undefined
      if (happens.kind === 'time') nowMs += happens.seconds * 1000
      else if (happens.kind === 'outage') storeIsBackAtMs = nowMs + happens.seconds * 1000
      else if (happens.kind === 'crash' && process) {
        crashes += 1
        process.isAlive = false
        processes[happens.node] = startProcess()
      } else if (happens.kind === 'jump' && process) process.clockOffset = happens.seconds
      else if (process && who) {
        const run = happens.kind === 'call' ? call(process, who) : logout(process, who, process)
        run.catch((error) => {
          const isOutage = errorCode(error) === 'ERR_SESSION_STORE_UNAVAILABLE'
          if (!isOutage) problems.push(String(error))
        })
      }
    },
  }
}

export function present(jar: Map<string, string>) {
  return parseCookies([...jar].map(([name, value]) => `${name}=${value}`).join('; '))
}

function keep(jar: Map<string, string>, setCookies: readonly string[]): void {
  for (const setCookie of setCookies) {
    const [, name = '', value] = /^([^=]+)=([^;]*)/.exec(setCookie) ?? []
    if (value) jar.set(name, value)
    else jar.delete(name)
  }
}

/** Takes so many steps of what is under way; what follows from each is seen before the next. */
export async function take(s: fc.Scheduler, steps: number): Promise<void> {
  for (let i = 0; i < steps && s.count() > 0; i += 1) {
    await s.waitOne()
    await new Promise(setImmediate)
  }
}
