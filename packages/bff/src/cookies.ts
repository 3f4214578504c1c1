import {
  type Clock,
  type CookiePair,
  createSealer,
  expireCookie,
  type SealKey,
  serializeCookie,
} from '@sallyport/core'
import type { SignInDemands, SignInSecrets } from './oidc.ts'

/** The session cookie. Its prefix makes browsers refuse it unless Secure, HttpOnly, host-only. */
export const sessionCookieName = '__Host-Http-bff'
const transactionPrefix = `${sessionCookieName}-tx.`
const logoutCookieName = `${sessionCookieName}-logout`

const session = { sameSite: 'Strict' } as const
/** Lax: the browser comes back from the issuer with it, by a cross-site navigation. */
const transaction = { sameSite: 'Lax' } as const

const transactionLifetime = 600
const logoutLifetime = 120
const mostTransactions = 10
/** Together with the session's cookie well below the 8 KiB that servers commonly take. */
const mostTransactionBytes = 6144
const longestCookie = 4000

/** One sign-in attempt, from `/bff/login` to `/bff/callback`. */
export interface Transaction extends SignInSecrets, SignInDemands {
  readonly issuer: string
  readonly returnUrl: string
  readonly createdAt: number
}

/** What is needed to end the issuer's session after ours is gone. */
export interface PendingLogout {
  readonly idToken?: string | undefined
  readonly sid?: string | undefined
  readonly createdAt: number
}

/** The BFF's cookies: what they are called, what they hold, how long they live. */
export interface Cookies {
  session(id: string): string
  expireSession(): string
  /** The Set-Cookie values for a new transaction: it, and the ends of those it crowds out. */
  transaction(value: Transaction, present: readonly CookiePair[]): string[]
  /** The transaction of this state, if this browser started it and it is not too old. */
  readTransaction(state: string, present: readonly CookiePair[]): Transaction | undefined
  expireTransaction(state: string): string
  logout(value: PendingLogout): string
  readLogout(present: readonly CookiePair[]): PendingLogout | undefined
  expireLogout(): string
}

export function createCookies(keys: readonly SealKey[], clock: Clock): Cookies {
  const transactions = createSealer(keys, 'transaction')
  const logouts = createSealer(keys, 'logout')

  function readTransaction(state: string, present: readonly CookiePair[]) {
    const values = present.filter(({ name }) => name === `${transactionPrefix}${state}`)
    const [pair, another] = values
    if (!pair || another) return undefined
    const text = transactions.open(pair.value, state)
    const value = text === undefined ? undefined : (JSON.parse(text) as Transaction)
    return value && value.createdAt + transactionLifetime > clock() ? value : undefined
  }

  return {
    session: (id) => serializeCookie(sessionCookieName, id, session),
    expireSession: () => expireCookie(sessionCookieName, session),

    transaction(value, present) {
      const name = `${transactionPrefix}${value.state}`
      const sealed = transactions.seal(JSON.stringify(value), value.state)
      const options = { ...transaction, maxAge: transactionLifetime }
      return [
        serializeCookie(name, sealed, options),
        ...crowdedOut(present, name.length + sealed.length, readTransaction),
      ]
    },

    readTransaction,
    expireTransaction: (state) => expireCookie(`${transactionPrefix}${state}`, transaction),

    logout(value) {
      const options = { ...session, maxAge: logoutLifetime }
      const sealed = logouts.seal(JSON.stringify(value), '')
      if (sealed.length <= longestCookie) return serializeCookie(logoutCookieName, sealed, options)
      const { idToken, ...small } = value
      return serializeCookie(logoutCookieName, logouts.seal(JSON.stringify(small), ''), options)
    },

    readLogout(present) {
      const pairs = present.filter(({ name }) => name === logoutCookieName)
      const [pair, another] = pairs
      const text = pair && !another ? logouts.open(pair.value, '') : undefined
      const value = text === undefined ? undefined : (JSON.parse(text) as PendingLogout)
      return value && value.createdAt + logoutLifetime > clock() ? value : undefined
    },

    expireLogout: () => expireCookie(logoutCookieName, session),
  }
}

type ReadTransaction = (state: string, present: readonly CookiePair[]) => Transaction | undefined

/** What a state may look like in a Set-Cookie; anything else was never a cookie of ours. */
const statePattern = /^[\w-]+$/

/** Ends unreadable transactions, then the oldest, until a new one of `bytes` finds its place. */
function crowdedOut(
  present: readonly CookiePair[],
  bytes: number,
  read: ReadTransaction,
): string[] {
  const kept: { name: string; bytes: number; createdAt: number }[] = []
  const ended = new Set<string>()
  for (const { name, value } of present) {
    if (!name.startsWith(transactionPrefix)) continue
    const state = name.slice(transactionPrefix.length)
    if (!statePattern.test(state)) continue
    const found = read(state, present)
    if (found) kept.push({ name, bytes: name.length + value.length, createdAt: found.createdAt })
    else ended.add(name)
  }
  kept.sort((a, b) => b.createdAt - a.createdAt)
  let total = bytes
  for (const [i, cookie] of kept.entries()) {
    total += cookie.bytes
    if (total > mostTransactionBytes || i + 1 >= mostTransactions) ended.add(cookie.name)
  }
  return [...ended].map((name) => expireCookie(name, transaction))
}
