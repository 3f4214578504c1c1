import type { ObtainedToken } from './token-request.ts'

/** Seconds before its end from which on a token is not given out any more; fewer for short ones. */
const longestMargin = 10
const marginShare = 0.1

interface HeldToken {
  readonly token: ObtainedToken
  /** From this second on another is obtained. */
  readonly staleAt: number
}

/** Remembers obtained tokens, and shares what is under way. */
export interface TokenCache {
  /** The token under this key; obtained with `obtain` unless a good one is there. */
  get(key: string, obtain: () => Promise<ObtainedToken>): Promise<ObtainedToken>
}

/**
 * Creates a cache of tokens, in this process only. A token is never given out beyond its end;
 * failures are not remembered; when it is full, the one that was longest unused goes.
 *
 * @param capacity how many tokens it holds.
 */
export function createTokenCache(capacity: number, clock: () => number): TokenCache {
  const held = new Map<string, HeldToken>()
  const pending = new Map<string, Promise<ObtainedToken>>()

  function keep(key: string, one: HeldToken): void {
    held.delete(key)
    held.set(key, one)
    const [oldest] = held.keys()
    if (held.size > capacity && oldest !== undefined) held.delete(oldest)
  }

  return {
    get(key, obtain) {
      const one = held.get(key)
      if (one && one.staleAt > clock()) {
        keep(key, one)
        return Promise.resolve(one.token)
      }
      held.delete(key)
      const running = pending.get(key)
      if (running !== undefined) return running
      const started = obtain()
        .then((obtained) => {
          const lifetime = obtained.expiresAt - clock()
          const margin = Math.min(longestMargin, lifetime * marginShare)
          keep(key, { token: obtained, staleAt: obtained.expiresAt - margin })
          return obtained
        })
        .finally(() => pending.delete(key))
      pending.set(key, started)
      return started
    },
  }
}
