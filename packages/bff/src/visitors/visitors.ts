import {
  type Clock,
  type CookiePair,
  createSealer,
  expireCookie,
  randomToken,
  serializeCookie,
  sha256,
  uniqueCookie,
} from '@sallyport/core'
import type { Awaitable } from '@sallyport/session'
import type { Logger } from '@sallyport/telemetry'
import { chain } from '../awaitable.ts'
import { cookieNames } from '../cookie-names.ts'
import type { BffConfig } from '../options.ts'
import type { OpenStore } from '../sessions/store-failures.ts'
import type { ComingVisitor, Person, Visitor } from './visitor.ts'

/**
 * Visitors have no row anywhere: their id is in a sealed cookie, and so bounded in number by nothing
 * and in memory by construction. The store learns of one when it becomes a person.
 */
export interface Visitors {
  /**
   * The visitor that a browser is: a new one when it is none, or one that somebody has become.
   * `undefined` when it sends two different ones, of which one was planted.
   */
  meet(cookies: readonly CookiePair[]): Awaitable<Visitor | undefined>
  /** The visitor that a browser is, if it is one; whether it has become somebody is not looked up. */
  present(cookies: readonly CookiePair[]): ComingVisitor | undefined
  /**
   * Makes a visitor a person: this person for good. Nobody is this visitor any more from then on.
   *
   * @returns whether it is; `false` when it is another person's.
   */
  claim(visitor: ComingVisitor, person: Person): Promise<boolean>
  /** Set-Cookie values that make the browser no visitor; none for one that sends no such cookie. */
  expire(cookies: readonly CookiePair[]): string[]
  /** The same for a browser that may not have sent it. */
  forget(): string
}

export interface VisitorsOptions {
  config: Pick<BffConfig, 'sealKeys' | 'frontend' | 'basePath' | 'visitors'>
  store: Pick<OpenStore, 'claim' | 'mark' | 'marks'>
  clock: Clock
  log: Logger
}

interface VisitorCookie {
  readonly id: string
  readonly createdAt: number
}

/** Strict: who comes from another site is no visitor of theirs, and takes none into a sign-in. */
const attributes = { sameSite: 'Strict' } as const
/** Longer than a sign-in takes. */
const signInTime = 900

export function createVisitors({ config, store, clock, log }: VisitorsOptions): Visitors {
  const { frontend, basePath, sealKeys } = config
  const { lifetime } = config.visitors
  const sealer = createSealer(sealKeys, `visitor:${frontend}`)
  const name = cookieNames(basePath).visitor

  function read(cookies: readonly CookiePair[]): VisitorCookie | undefined {
    const { value } = uniqueCookie(cookies, name)
    const text = value && sealer.open(value, '')
    if (!text) return undefined
    const visitor: VisitorCookie = JSON.parse(text)
    return visitor.createdAt + lifetime > clock() ? visitor : undefined
  }

  function toSetCookie(visitor: VisitorCookie): string {
    const maxAge = visitor.createdAt + lifetime - clock()
    const sealed = sealer.seal(JSON.stringify(visitor), '')
    return serializeCookie(name, sealed, { ...attributes, maxAge })
  }

  function create(): Visitor {
    const visitor = { id: randomToken(), createdAt: clock() }
    return { id: visitor.id, setCookies: [toSetCookie(visitor)] }
  }

  const markName = (id: string) => `visitor:${sha256(`${frontend} ${id}`)}`
  const isOfNewestKey = (cookies: readonly CookiePair[]) =>
    uniqueCookie(cookies, name).value?.startsWith(`${sealKeys[0]?.kid}.`)

  return {
    meet(cookies) {
      if (uniqueCookie(cookies, name).ambiguous) {
        log.warn({ event: 'visitor_cookie_ambiguous' }, 'two visitor cookies')
        return undefined
      }
      const known = read(cookies)
      if (!known) return create()
      return chain(store.marks([markName(known.id)]), ([claimed]) => {
        if (claimed) return create()
        const setCookies = isOfNewestKey(cookies) ? [] : [toSetCookie(known)]
        return { id: known.id, setCookies }
      })
    },

    present(cookies) {
      const known = read(cookies)
      return known && { id: known.id }
    },

    async claim(visitor, person) {
      if (visitor.subject !== undefined) return visitor.subject === person.subject
      const owner = sha256(JSON.stringify([person.issuer, person.subject]))
      const now = clock()
      const expiresAt = now + lifetime + signInTime
      const id = markName(visitor.id)
      if (await store.claim(id, expiresAt)) {
        await store.mark(id, { at: now, expiresAt, reason: owner })
        return true
      }
      // Two tabs of one person: both sign-ins took it along.
      const [claimed] = await store.marks([id])
      return claimed?.reason === owner
    },

    expire: (cookies) =>
      cookies.some((cookie) => cookie.name === name) ? [expireCookie(name, attributes)] : [],

    forget: () => expireCookie(name, attributes),
  }
}
