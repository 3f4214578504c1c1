import {
  type CookiePair,
  createSealer,
  expireCookie,
  type SealKey,
  serializeCookie,
  uniqueCookie,
} from '@sallyport/core'
import type { SessionRecord } from '@sallyport/session'
import type { Logger } from '@sallyport/telemetry'
import { cookieNames } from '../cookie-names.ts'
import type { SessionContent } from './session.ts'
import { createUnopenedLog } from './unopened-log.ts'

/** A session as it travels: all of it, under one seal. */
export interface SealedSession {
  /** Grows by one with each renewal: tells which of two states of a session is the newer one. */
  readonly generation: number
  /** The generation that this one was made from, until the browser has shown that it has this one. */
  readonly renewedFrom?: number | undefined
  /**
   * What the rows of this session are sealed with besides the seal keys. It comes with the sign-in
   * only: later on, the row that brings it to the browser would show it.
   */
  readonly splitSecret?: string | undefined
  readonly record: SealedRecord
  readonly content: SessionContent
}

/** What a record says of a session, but for where it is kept. */
export type SealedRecord = Omit<SessionRecord, 'version' | 'sealed' | 'lease'>

/** The set of cookies that holds a session. */
export interface SealedCookies {
  isNamed(cookies: readonly CookiePair[]): boolean
  /** Whether two different cookies have the name of one of the set: then one was planted. */
  isAmbiguous(cookies: readonly CookiePair[]): boolean
  read(cookies: readonly CookiePair[]): SealedSession | undefined
  /** Set-Cookie values for the whole set, or `undefined` when it would be too large. */
  write(session: SealedSession): string[] | undefined
  /** The session as it can be written: with fewer access tokens, if need be; they can be had again. */
  fit(session: SealedSession): SealedSession | undefined
  expire(cookies: readonly CookiePair[]): string[]
}

/** Browsers take a cookie of up to 4096 bytes, its name included (RFC 6265bis section 5.6). */
const longestChunk = 3900

const attributes = { sameSite: 'Strict' } as const

/**
 * Creates the reader and writer of the set. It is sealed once, as a whole, with the number of its
 * chunks as context: chunks of two sets, or one too few, open nothing.
 */
export function createSealedCookies(options: {
  sealKeys: readonly SealKey[]
  frontend: string
  basePath: string
  log: Logger
}): SealedCookies {
  const sealer = createSealer(options.sealKeys, `sealed-session:${options.frontend}`)
  const tellUnopened = createUnopenedLog(sealer, options.log)
  const { session: name, sessionParts } = cookieNames(options.basePath)
  const names = [name, ...sessionParts]

  function write(session: SealedSession): string[] | undefined {
    const text = JSON.stringify(session)
    for (let count = 1; count <= names.length; count += 1) {
      const whole = `${count}~${sealer.seal(text, String(count))}`
      if (whole.length > longestChunk * count) continue
      return names.map((one, i) => {
        const chunk = whole.slice(i * longestChunk, (i + 1) * longestChunk)
        return chunk ? serializeCookie(one, chunk, attributes) : expireCookie(one, attributes)
      })
    }
    return undefined
  }

  return {
    write,

    fit: (session) => [session, withNewestToken(session)].find(write),

    isNamed: (cookies) => cookies.some((cookie) => cookie.name === name),
    isAmbiguous: (cookies) => names.some((one) => uniqueCookie(cookies, one).ambiguous),

    read(cookies) {
      const [first, ...others] = names.map((one) => uniqueCookie(cookies, one).value)
      const [, count, start] = /^([1-3])~([\w.-]+)$/.exec(first ?? '') ?? []
      if (!count || !start) return undefined
      const chunks = [start, ...others.slice(0, Number(count) - 1)]
      if (chunks.some((chunk) => !chunk)) return undefined
      const sealed = chunks.join('')
      const text = sealer.open(sealed, count)
      if (text !== undefined) return JSON.parse(text)
      tellUnopened(sealed)
      return undefined
    },

    expire: (cookies) =>
      names
        .filter((one) => one === name || cookies.some((cookie) => cookie.name === one))
        .map((one) => expireCookie(one, attributes)),
  }
}

/** The access token that was obtained last is the one that is wanted now. */
function withNewestToken(session: SealedSession): SealedSession {
  const tokens = Object.entries(session.content.accessTokens)
  tokens.sort(([, one], [, other]) => other.obtainedAt - one.obtainedAt)
  const accessTokens = Object.fromEntries(tokens.slice(0, 1))
  return { ...session, content: { ...session.content, accessTokens } }
}
