import {
  type Clock,
  type CookiePair,
  createSealer,
  expireCookie,
  type SealKey,
  serializeCookie,
} from '@sallyport/core'
import type { SignInDemands, SignInSecrets } from './oidc/sign-in.ts'
import type { ComingVisitor } from './visitors/visitor.ts'

/**
 * The session cookie's name. Its prefix makes browsers refuse it unless Secure, HttpOnly, host-only;
 * frontends of one host differ by their base path.
 */
export function sessionCookieName(basePath: string): string {
  return `__Host-Http-bff${basePath.replaceAll('/', '!')}`
}

/** Lax: the browser comes back from the issuer with it, by a cross-site navigation. */
const transaction = { sameSite: 'Lax' } as const

const transactionLifetime = 600
const mostTransactions = 10
/** Together with the session's cookie well below the 8 KiB that servers commonly take. */
const mostTransactionBytes = 6144

/** One sign-in attempt, from `/bff/login` to `/bff/callback`. */
export interface Transaction extends SignInSecrets, SignInDemands {
  readonly issuer: string
  readonly returnUrl: string
  readonly createdAt: number
  /** Who the browser was when it started, to become the person who signs in. */
  readonly visitor?: ComingVisitor | undefined
}

/** The BFF's cookies: what they are called, what they hold, how long they live. */
export interface Cookies {
  /** The Set-Cookie values for a new transaction: it, and the ends of those it crowds out. */
  transaction(value: Transaction, present: readonly CookiePair[]): string[]
  /** The transaction of this state, if this browser started it and it is not too old. */
  readTransaction(state: string, present: readonly CookiePair[]): Transaction | undefined
  expireTransaction(state: string): string
}

/** What tells one frontend's cookies from another's. */
interface CookiesConfig {
  readonly sealKeys: readonly SealKey[]
  readonly frontend: string
  readonly basePath: string
}

export function createCookies(config: CookiesConfig, clock: Clock): Cookies {
  const { sealKeys, frontend, basePath } = config
  const transactions = createSealer(sealKeys, `transaction:${frontend}`)
  const name = sessionCookieName(basePath)
  const transactionPrefix = `${name}-tx.`

  function readTransaction(state: string, present: readonly CookiePair[]) {
    const sealed = onlyValue(`${transactionPrefix}${state}`, present)
    return read<Transaction>(transactionLifetime, sealed && transactions.open(sealed, state))
  }

  /** What was sealed, while its time lasts; browsers are not trusted to forget in time. */
  function read<T extends { createdAt: number }>(
    lifetime: number,
    text: string | undefined,
  ): T | undefined {
    const value = text === undefined ? undefined : (JSON.parse(text) as T)
    return value && value.createdAt + lifetime > clock() ? value : undefined
  }

  return {
    transaction(value, present) {
      const name = `${transactionPrefix}${value.state}`
      const sealed = transactions.seal(JSON.stringify(value), value.state)
      const options = { ...transaction, maxAge: transactionLifetime }
      return [
        serializeCookie(name, sealed, options),
        ...crowdedOut(present, {
          prefix: transactionPrefix,
          bytes: name.length + sealed.length,
          read: readTransaction,
        }),
      ]
    },

    readTransaction,
    expireTransaction: (state) => expireCookie(`${transactionPrefix}${state}`, transaction),
  }
}

/** The value of a cookie that is there once; one that comes twice was planted. */
function onlyValue(name: string, present: readonly CookiePair[]): string | undefined {
  const [pair, another] = present.filter((one) => one.name === name)
  return another ? undefined : pair?.value
}

type ReadTransaction = (state: string, present: readonly CookiePair[]) => Transaction | undefined

/** What a state may look like in a Set-Cookie; anything else was never a cookie of ours. */
const statePattern = /^[\w-]+$/

/** Ends unreadable transactions, then the oldest, until a new one of `bytes` finds its place. */
function crowdedOut(
  present: readonly CookiePair[],
  { prefix, bytes, read }: { prefix: string; bytes: number; read: ReadTransaction },
): string[] {
  const kept: { name: string; bytes: number; createdAt: number }[] = []
  const ended = new Set<string>()
  for (const { name, value } of present) {
    if (!name.startsWith(prefix)) continue
    const state = name.slice(prefix.length)
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
