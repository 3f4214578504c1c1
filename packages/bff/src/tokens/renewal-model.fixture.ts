import { createSecret, errorCode, parseCookies, randomToken } from '@sallyport/core'
import { createMemoryStore } from '@sallyport/session/memory'
import { createTelemetry } from '@sallyport/telemetry'
import type fc from 'fast-check'
import { parseConfig } from '../config.ts'
import { createRevocations } from '../logout/revocations.ts'
import { createSessions } from '../sessions/create-sessions.ts'
import type { Session } from '../sessions/session.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { withStoreFailures } from '../sessions/store-failures.ts'
import { type AccessTokens, createAccessTokens } from './access-tokens.ts'
import { toLeaseTimes } from './lease-hold.ts'
import { createModelIssuer, type Fate } from './model-issuer.fixture.ts'
import { createModelTime } from './model-time.fixture.ts'
import { overNetwork } from './network.fixture.ts'
import { createRenewAhead } from './renew-ahead.ts'
import { type Happening, nodeCount, people } from './renewal-happenings.fixture.ts'

export type Mode = 'stored' | 'sealed'

export interface Setting {
  mode: Mode
  /** Seconds for which the issuer takes a refresh token again. */
  grace: number
  splitSeal: boolean
}

/** Milliseconds between two outages of the store. */
const calmMs = 3000

const { log } = createTelemetry({ service: 'bff', level: 'silent' })
const sealKeys = [{ kid: 'k1', key: createSecret(randomToken()) }]

interface Process {
  sessions: Sessions
  accessTokens: AccessTokens
  isAlive: boolean
  /** Seconds that its clock is wrong. */
  clockOffset: number
  /** When it was, or will be, paused. */
  pauses: { fromMs: number; untilMs: number }[]
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
  const time = createModelTime(1_000_000_000)
  const { nowMs } = time
  const clock = () => Math.floor(nowMs() / 1000)
  const store = createMemoryStore({ clock })
  const issuer = createModelIssuer({ time, grace })
  const problems: string[] = []
  let crashes = 0
  let answered = 0
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
    const process = { isAlive: true, clockOffset: 0, pauses: [] as Process['pauses'] } as Process
    const ownClock = () => clock() + process.clockOffset
    const parts = { clock: ownClock, log }
    const travel = async (what: string) => {
      await s.schedule(Promise.resolve(), what)
      await untilRunning()
    }
    async function untilRunning(): Promise<void> {
      for (;;) {
        // Nothing that a dead process waits for ever comes.
        if (!process.isAlive) await new Promise(() => {})
        const pause = process.pauses.find(({ untilMs }) => nowMs() < untilMs)
        if (!pause) return
        await time.sleep(pause.untilMs - nowMs())
      }
    }
    const own = overNetwork(store, { travel, isDown: () => nowMs() < storeIsBackAtMs })
    process.sessions = createSessions({ ...parts, config, store: own, later: () => {} })
    const oidc = issuer.clientOf({
      ...{ isAlive: () => process.isAlive, fate: nextFate, travel },
      pausedMsSince: (ms) =>
        process.pauses
          .map(({ fromMs, untilMs }) => Math.min(untilMs, nowMs()) - Math.max(fromMs, ms))
          .reduce((sum, pausedMs) => sum + Math.max(pausedMs, 0), 0),
    })
    const revocations = createRevocations({
      ...{ ...parts, config, store: withStoreFailures(own), oidc },
      inBackground: (work) => void work.catch(() => {}),
    })
    process.accessTokens = createAccessTokens({
      ...{ ...parts, sessions: process.sessions, oidc, revocations, times: toLeaseTimes(5) },
      ...{ renewAhead: createRenewAhead(log), signInRequest: {}, elapsedMs: nowMs },
      async wait(ms) {
        await time.sleep(ms)
        await travel('a timer')
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
    answered += 1
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
    /** How many calls went through. */
    answered: () => answered,
    /** Lets so many seconds pass. @returns whether nothing is under way any more. */
    async pass(seconds: number): Promise<boolean> {
      await time.pass(seconds * 1000, () => take(s, Number.POSITIVE_INFINITY))
      return s.count() === 0 && time.isIdle()
    },
    async start(happens: Happening): Promise<void> {
      const process = 'node' in happens ? (processes[happens.node] as Process) : undefined
      const who = 'person' in happens ? (crowd[happens.person] as Person) : undefined
      if (happens.kind === 'time') await this.pass(happens.seconds)
      // Not one after the other: in between, nobody could prolong a lease.
      else if (happens.kind === 'outage' && storeIsBackAtMs + calmMs < nowMs()) {
        storeIsBackAtMs = nowMs() + happens.seconds * 1000
      } else if (happens.kind === 'crash' && process) {
        crashes += 1
        process.isAlive = false
        processes[happens.node] = startProcess()
      } else if (happens.kind === 'jump' && process) process.clockOffset = happens.seconds
      else if (happens.kind === 'pause' && process) {
        process.pauses.push({ fromMs: nowMs(), untilMs: nowMs() + happens.seconds * 1000 })
      } else if (process && who) {
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
  for (let i = 0; i < steps; i += 1) {
    await new Promise(setImmediate)
    if (s.count() === 0) return
    await s.waitOne()
  }
  await new Promise(setImmediate)
}
