import { errorCode, SallyportError } from '@sallyport/core'
import type { OidcClient } from '../oidc/oidc-client.ts'

/** Stands before an endpoint that may be down, so that it is not asked in vain again and again. */
export interface Breaker {
  /**
   * Does the work, unless the endpoint has failed several times in a row and its pause is not over.
   *
   * @throws `ERR_IDP_UNAVAILABLE` at once during a pause, and what `work` throws.
   */
  run<T>(work: () => Promise<T>): Promise<T>
}

export interface BreakerOptions {
  /**
   * Milliseconds that no step of the machine's clock changes.
   * @defaultValue performance.now
   */
  elapsedMs?: () => number
  /** From 0 to 1. @defaultValue Math.random */
  random?: () => number
  /** Seconds that one trial may take: the next one is let through after it. */
  trialTime: number
}

const failuresBeforePause = 3
const shortPauses = 8
const longestPause = 30

/**
 * Only `ERR_IDP_UNAVAILABLE` counts as a failure: an endpoint that refuses is there. A pause takes a
 * second at first: whose refresh token was spent without an answer has ten seconds, commonly, to ask
 * for it again. Then pauses double up to thirty. They have jitter, so that many processes do not
 * come back as one; after each a single call tries.
 */
export function createBreaker(options: BreakerOptions): Breaker {
  const { elapsedMs = () => performance.now(), random = Math.random, trialTime } = options
  let failures = 0
  let pausedUntilMs = 0

  function noteFailure(): void {
    failures += 1
    if (failures < failuresBeforePause) return
    const doublings = Math.max(failures - failuresBeforePause - shortPauses + 1, 0)
    const pause = Math.min(2 ** doublings, longestPause)
    pausedUntilMs = elapsedMs() + pause * 1000 * (0.5 + random() / 2)
  }

  return {
    async run(work) {
      if (failures >= failuresBeforePause) {
        if (elapsedMs() < pausedUntilMs) {
          throw new SallyportError('ERR_IDP_UNAVAILABLE', 'the issuer failed lately: a pause')
        }
        pausedUntilMs = elapsedMs() + trialTime * 1000
      }
      try {
        const value = await work()
        failures = 0
        return value
      } catch (error) {
        if (errorCode(error) === 'ERR_IDP_UNAVAILABLE') noteFailure()
        else failures = 0
        throw error
      }
    },
  }
}

/** An issuer whose token endpoint is asked through one breaker, by whatever grant. */
export function withBreaker(oidc: OidcClient, options: BreakerOptions): OidcClient {
  const breaker = createBreaker(options)
  return {
    ...oidc,
    refresh: (...given) => breaker.run(() => oidc.refresh(...given)),
    exchange: (...given) => breaker.run(() => oidc.exchange(...given)),
    clientCredentials: (...given) => breaker.run(() => oidc.clientCredentials(...given)),
  }
}
