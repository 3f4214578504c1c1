import type { UpstreamConfig } from '@sallyport/bff'

/** One address of an upstream, and what is known of it. */
export interface UpstreamAddress {
  readonly url: URL
  /** Exchanges under way, each on a connection of its own. */
  active: number
  /** In a row; of requests. */
  failures: number
  /** Pauses in a row. */
  pauses: number
  /** Not in use until then, and then for one exchange, its trial. 0: in use. */
  pausedUntil: number
  isOnTrial: boolean
  /** In a row; of health checks. */
  failedChecks: number
  isIll: boolean
}

/** Whether an address may have an exchange now, as one of several or to find out. */
export type Readiness = 'in use' | 'trial' | 'out of use'

export function createAddress(origin: string): UpstreamAddress {
  return {
    url: new URL(origin),
    ...{ active: 0, failures: 0, pauses: 0, pausedUntil: 0, isOnTrial: false },
    ...{ failedChecks: 0, isIll: false },
  }
}

export function isInUse(address: UpstreamAddress): boolean {
  return address.pausedUntil === 0 && !address.isIll
}

export function readinessOf(address: UpstreamAddress, now: number): Readiness {
  if (isInUse(address)) return 'in use'
  if (address.isIll || address.isOnTrial || now < address.pausedUntil) return 'out of use'
  return 'trial'
}

/** An exchange came to an answer: there is somebody. Only a trial ends a pause. */
export function noteAnswer(address: UpstreamAddress): void {
  if (address.pausedUntil > 0 && !address.isOnTrial) return
  address.failures = 0
  address.pauses = 0
  address.pausedUntil = 0
  address.isOnTrial = false
}

export interface FailureParts {
  breaker: UpstreamConfig['breaker']
  /** Seconds. */
  now: number
  /** From 0 to 1. */
  random: number
}

/**
 * An exchange failed. After enough of them in a row comes a pause, which doubles from one second with
 * each failed trial, with jitter so that many processes do not come back as one.
 */
export function noteFailure(address: UpstreamAddress, parts: FailureParts): void {
  const { breaker, now, random } = parts
  if (!breaker) return
  if (address.pausedUntil > 0 && !address.isOnTrial) return
  address.failures += 1
  if (address.failures < breaker.failures) return
  const pause = Math.min(2 ** address.pauses, breaker.longestPause)
  address.pauses += 1
  address.pausedUntil = now + pause * (0.5 + random / 2)
  address.isOnTrial = false
}

const checksUntilIll = 2

/** A health check came out. An address that gets well again is in use at once. */
export function noteCheck(address: UpstreamAddress, isWell: boolean): void {
  if (!isWell) {
    address.failedChecks += 1
    if (address.failedChecks >= checksUntilIll) address.isIll = true
    return
  }
  address.failedChecks = 0
  if (!address.isIll) return
  address.isIll = false
  address.failures = 0
  address.pauses = 0
  address.pausedUntil = 0
}
