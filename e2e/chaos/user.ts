import { setTimeout as delay } from 'node:timers/promises'
import { type Browser, createBrowser } from '../world/browser.ts'
import { apiNames, callApi, stealSession } from './calls.ts'
import type { ChaosWorld } from './chaos-world.ts'
import { type Findings, noteFailure } from './findings.ts'
import type { Random } from './random.ts'

/** Somebody who signs in, works in several tabs at once, leaves, and comes back. */
export interface User {
  /** Signs in for the first time, before anything breaks. */
  arrive(): Promise<void>
  /** Lives until told to stop. */
  live(isOver: () => boolean): Promise<void>
  /** After the last fault: is a session that nobody ended still good, at each gateway? */
  settle(deadlineMs: number): Promise<void>
}

export interface UserOptions {
  world: ChaosWorld
  findings: Findings
  username: string
  password: string
  random: Random
  /** Told of a sign-out that was acknowledged, and of the session's cookies from before. */
  onSignedOut(stolen: StolenSession): void
}

/** What a thief knows. */
export interface StolenSession {
  readonly username: string
  readonly subject: string
  readonly browser: Browser
  readonly endedAtMs: number
}

/** A session that the user has, as far as the user knows. */
interface OwnSession {
  readonly subject: string
  readonly sid: string
}

const chances = { signOut: 0.03, leaveIssuer: 0.015 }

export function createUser(options: UserOptions): User {
  const { world, findings, username, password, random, onSignedOut } = options
  let browser = createBrowser()
  let session: OwnSession | undefined

  async function signIn(): Promise<void> {
    const page = await browser.navigate(`${world.app}/bff/login?returnUrl=/`)
    if (!page.url.startsWith(world.app)) {
      await browser.submit(page, { username, password })
    }
    const who = await browser.call(`${world.app}/bff/user`)
    if (who.status !== 200) throw new Error(`not signed in: ${who.status}`)
    const claims = who.json<{ type: string; value: string }[]>()
    const claimOf = (type: string) => String(claims.find((one) => one.type === type)?.value)
    session = { subject: claimOf('sub'), sid: claimOf('sid') }
    findings.signIns += 1
  }

  /** A page of the issuer's from before may be of no use: whoever fails begins anew. */
  async function comeBack(): Promise<void> {
    try {
      await signIn()
    } catch (error) {
      browser = createBrowser()
      throw error
    }
  }

  /** Several calls at once, as of several tabs. */
  async function work({ subject }: OwnSession): Promise<void> {
    const calls = Array.from({ length: 1 + Math.floor(random.fraction() * 4) }, () =>
      callApi(browser, { api: random.pick(apiNames), subject }, options),
    )
    const results = await Promise.all(calls)
    if (!results.includes('login_required')) return
    findings.lost.push({ subject, what: `${username} was told to sign in` })
    session = undefined
  }

  /** Until it is acknowledged: whoever signs out stays at it. */
  async function signOut({ subject }: OwnSession): Promise<void> {
    const stolen = stealSession(browser)
    const out = await browser.call(`${world.app}/bff/logout`, { method: 'POST' })
    if (out.status !== 200) throw new Error(`not signed out: ${out.status}`)
    noteSignedOut(stolen, subject, performance.now())
  }

  /** At the issuer, which tells the gateways by a logout token: back-channel logout. */
  async function leaveIssuer({ subject, sid }: OwnSession): Promise<void> {
    const stolen = stealSession(browser)
    const query = new URLSearchParams({
      client_id: 'bff',
      logout_hint: sid,
      post_logout_redirect_uri: `${world.app}/`,
    })
    await browser.navigate(`${world.issuer}/session/end?${query}`)
    const endedAtMs = world.relay.endedAtMs(sid)
    // Nobody has heard of it: the user signs out in the application too.
    if (endedAtMs === undefined) throw new Error('no logout token was accepted')
    noteSignedOut(stolen, subject, endedAtMs)
    browser = createBrowser()
  }

  function noteSignedOut(stolen: Browser, subject: string, endedAtMs: number): void {
    session = undefined
    findings.signOuts += 1
    onSignedOut({ username, subject, browser: stolen, endedAtMs })
  }

  async function retry(what: string, attempt: () => Promise<void>, isOver: () => boolean) {
    while (!isOver()) {
      try {
        return await attempt()
      } catch (error) {
        noteFailure(findings, `${what}: ${(error as Error).message.slice(0, 60)}`)
        await delay(random.between(100, 400))
      }
    }
  }

  return {
    arrive: signIn,

    async live(isOver) {
      while (!isOver()) {
        const known = session
        const chance = random.fraction()
        if (!known) await retry('sign-in', comeBack, isOver)
        else if (chance < chances.signOut) await leave(known, isOver)
        else if (chance < chances.signOut + chances.leaveIssuer) {
          await leaveIssuer(known).catch(() => leave(known, isOver))
        } else await work(known)
        await delay(random.between(20, 250))
      }
    },

    async settle(deadlineMs) {
      if (!session) return
      for (const { name, port } of world.gateways) {
        const isGood = await staysGood(session, port, deadlineMs)
        const { subject } = session
        const what = `${username} cannot work at ${name} any more`
        if (!isGood) findings.lost.push({ subject, what })
      }
    },
  }

  async function leave(known: OwnSession, isOver: () => boolean): Promise<void> {
    // Whether or not it is acknowledged, from now on nobody may expect the session to be there.
    session = undefined
    await retry('sign-out', () => signOut(known), isOver)
  }

  async function staysGood({ subject }: OwnSession, port: number, deadlineMs: number) {
    for (const api of apiNames) {
      for (;;) {
        const result = await callApi(browser, { api, subject, port }, options)
        if (result === 'answered') break
        if (result === 'login_required' || performance.now() > deadlineMs) return false
        await delay(200)
      }
    }
    return true
  }
}
