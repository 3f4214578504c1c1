import {
  type Clock,
  type CookiePair,
  createSealer,
  expireCookie,
  type SealKey,
  serializeCookie,
} from '@sallyport/core'
import { cookieNames } from './cookie-names.ts'
import type { NativeRequest } from './native/native-request.ts'
import type { SignInDemands, SignInSecrets } from './oidc/sign-in.ts'
import type { ComingVisitor } from './visitors/visitor.ts'

/** Lax: the browser comes back from the issuer with it, by a cross-site navigation. */
const transaction = { sameSite: 'Lax' } as const

/** Seconds in which a sign-in can be completed. */
const transactionLifetime = 600
/** Seconds after which nobody knows any more what a sign-in was for: what people leave open over lunch. */
const transactionMemory = 7200
const mostTransactions = 10
/** Together with the session's cookie well below the 8 KiB that servers commonly take. */
const mostTransactionBytes = 6144

/** One sign-in attempt, from `/bff/login` to `/bff/callback`. */
export interface Transaction extends SignInSecrets, SignInDemands {
  readonly issuer: string
  readonly returnUrl: string
  readonly createdAt: number
  /** It began by itself, in place of one that went stale; the next that does is explained. */
  readonly isRestart?: true | undefined
  /** It goes on in a hidden frame, where nobody sees a page. */
  readonly isSilent?: true | undefined
  /** The browser had a session cookie when it began. */
  readonly hadSession?: true | undefined
  /** The app that asks, if one does: then no session stays in this browser. */
  readonly native?: NativeRequest | undefined
  /** Who the browser was when it started, to become the person who signs in. */
  readonly visitor?: ComingVisitor | undefined
}

/** The BFF's cookies: what they are called, what they hold, how long they live. */
export interface Cookies {
  /** The Set-Cookie values for a new transaction: it, and the ends of those it crowds out. */
  transaction(value: Transaction, present: readonly CookiePair[]): string[]
  /** The transaction of this state, if this browser started it and it is not too old. */
  readTransaction(state: string, present: readonly CookiePair[]): Transaction | undefined
  /** The same when it is too old to be completed, and not yet forgotten. */
  readLateTransaction(state: string, present: readonly CookiePair[]): Transaction | undefined
  /** Whether there is a cookie for this state, whatever is in it. */
  isNamed(state: string, present: readonly CookiePair[]): boolean
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
  const { transactionPrefix } = cookieNames(basePath)

  /** What was sealed, while its time lasts; browsers are not trusted to forget in time. */
  function remember(state: string, present: readonly CookiePair[]): Transaction | undefined {
    const sealed = onlyValue(`${transactionPrefix}${state}`, present)
    const text = sealed && transactions.open(sealed, state)
    const value = text ? (JSON.parse(text) as Transaction) : undefined
    return value && value.createdAt + transactionMemory > clock() ? value : undefined
  }

  const isLate = ({ createdAt }: Transaction) => createdAt + transactionLifetime <= clock()

  return {
    transaction(value, present) {
      const name = `${transactionPrefix}${value.state}`
      const sealed = transactions.seal(JSON.stringify(value), value.state)
      const options = { ...transaction, maxAge: transactionMemory }
      return [
        serializeCookie(name, sealed, options),
        ...crowdedOut(present, {
          prefix: transactionPrefix,
          bytes: name.length + sealed.length,
          read: remember,
        }),
      ]
    },

    readTransaction(state, present) {
      const found = remember(state, present)
      return found && !isLate(found) ? found : undefined
    },

    readLateTransaction(state, present) {
      const found = remember(state, present)
      return found && isLate(found) ? found : undefined
    },

    isNamed: (state, present) =>
      present.some(({ name }) => name === `${transactionPrefix}${state}`),

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
