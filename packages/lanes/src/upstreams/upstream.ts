import type { UpstreamConfig } from '@sallyport/bff'
import { SallyportError } from '@sallyport/core'
import type {
  Logger,
  UpstreamMetrics,
  UpstreamOutcome,
  UpstreamReading,
} from '@sallyport/telemetry'
import { type ChoiceParts, chooseAddress, type Wanted } from './choose-address.ts'
import type { OpenSocket } from './open-socket.ts'
import { createRetryBudget } from './retry-budget.ts'
import {
  type AttemptFailure,
  countsAsFailure,
  isRepeatable,
  mayRepeat,
  type RepeatableParts,
} from './retry-rules.ts'
import {
  createAddress,
  isInUse,
  noteAnswer,
  noteCheck,
  noteFailure,
  readinessOf,
  type UpstreamAddress,
} from './upstream-address.ts'
import { UpstreamTimeout } from './upstream-timeout.ts'
import { createWaitingLine } from './waiting-line.ts'

/**
 * One upstream, for all lanes: which address is asked, how often and how many times at once. Whoever
 * took an address says what came of it, and releases it in the end, whatever happened.
 */
export interface Upstream {
  readonly config: UpstreamConfig
  readonly addresses: readonly UpstreamAddress[]
  readonly openSocket: OpenSocket
  /** Whether anything goes on. */
  readonly isBusy: boolean
  /**
   * Chooses an address for an exchange, if one has room.
   *
   * @returns `undefined` when it has to be waited for.
   * @throws `ERR_UPSTREAM_UNAVAILABLE` when none is in use.
   */
  takeNow(wanted: Wanted): UpstreamAddress | undefined
  /**
   * Waits for an address, after `takeNow` found that it has to be waited for.
   *
   * @throws `ERR_UPSTREAM_BUSY` when too many wait or it takes too long, `ERR_UPSTREAM_UNAVAILABLE`
   *   when none is in use any more.
   */
  queue(wanted: Wanted, signal: AbortSignal): Promise<UpstreamAddress>
  /** The head of a response has come. */
  answered(address: UpstreamAddress, status: number): void
  /** There will be no response. Not for an exchange that the client gave up. */
  failed(address: UpstreamAddress, failure: AttemptFailure): void
  /** The exchange is over. */
  release(address: UpstreamAddress): void
  /** How a request that failed may be sent again; `undefined`: it may not. */
  again(
    request: RepeatableParts,
    last: { wanted: Wanted; address: UpstreamAddress; failure: AttemptFailure },
  ): Wanted | undefined
  /** A health check came out. */
  checked(address: UpstreamAddress, isWell: boolean): void
  read(): UpstreamReading
  /** Sends away who waits. */
  close(): void
}

export interface UpstreamParts extends Omit<ChoiceParts, 'limit'> {
  log: Logger
  metrics: UpstreamMetrics
  openSocket: OpenSocket
}

/** Creates the one upstream of a configuration. */
export function createUpstream(config: UpstreamConfig, parts: UpstreamParts): Upstream {
  const { log, metrics, now, random } = parts
  const { origin, breaker } = config
  const addresses = config.addresses.map(createAddress)
  const counters = new Map(
    addresses.map((one) => [one, metrics.counter(origin, one.url.origin)] as const),
  )
  const choice = { now, random, limit: config.maxConnections }
  const budget = createRetryBudget()
  const line = createWaitingLine<Wanted, UpstreamAddress>({
    timeout: config.queue.timeout,
    late: () => refuse(busy('it waited for too long')),
  })
  let isOverrun = false

  function takeNow(wanted: Wanted): UpstreamAddress | undefined {
    // Whatever room there is, those who wait had no use for it.
    const address = chooseAddress(addresses, wanted, choice)
    if (address) return begin(address)
    if (isOut()) throw refuse(unavailable())
    return undefined
  }

  function begin(address: UpstreamAddress): UpstreamAddress {
    address.active += 1
    if (address.pausedUntil > 0) address.isOnTrial = true
    return address
  }

  function isOut(): boolean {
    if (addresses.some(isInUse)) return false
    const time = now()
    return !addresses.some((address) => readinessOf(address, time) === 'trial')
  }

  function serveLine(): void {
    if (line.length === 0) return
    line.serve((wanted) => {
      const address = chooseAddress(addresses, wanted, choice)
      return address && begin(address)
    })
    if (line.length > 0 && isOut()) line.dismiss(() => refuse(unavailable()))
  }

  /** Says so when an address came out of use, or into use again, by what `change` does. */
  function watch(address: UpstreamAddress, reason: 'requests' | 'health', change: () => void) {
    const before = isInUse(address)
    change()
    const after = isInUse(address)
    if (before === after) return
    const fields = { upstream: origin, address: address.url.origin, reason }
    if (after) log.info(fields, 'an upstream address is in use again')
    else log.warn(fields, 'an upstream address is out of use')
    serveLine()
  }

  function refuse(error: SallyportError): SallyportError {
    metrics.refused(origin)
    return error
  }

  function unavailable(): SallyportError {
    const until = Math.min(...addresses.filter(({ isIll }) => !isIll).map((one) => one.pausedUntil))
    const pause = Number.isFinite(until) ? until - now() : (config.health?.interval ?? 1)
    return new SallyportError('ERR_UPSTREAM_UNAVAILABLE', `no address of ${origin} is in use`, {
      retryAfter: Math.max(1, Math.ceil(pause)),
    })
  }

  function busy(why: string): SallyportError {
    return new SallyportError('ERR_UPSTREAM_BUSY', `${origin} has too much to do: ${why}`, {
      retryAfter: 1,
    })
  }

  const fail = (address: UpstreamAddress) =>
    watch(address, 'requests', () =>
      noteFailure(address, { breaker, now: now(), random: random() }),
    )

  return {
    config,
    addresses,
    openSocket: parts.openSocket,

    get isBusy() {
      return line.length > 0 || addresses.some(({ active }) => active > 0)
    },

    takeNow(wanted) {
      if (wanted.retries === 0) budget.earn()
      return takeNow(wanted)
    },

    async queue(wanted, signal) {
      if (line.length >= config.queue.length) {
        if (!isOverrun) log.warn({ upstream: origin }, 'an upstream has too much to do')
        isOverrun = true
        throw refuse(busy('too many wait'))
      }
      return line.join(wanted, signal)
    },

    answered(address, status) {
      counters.get(address)?.('answered')
      if (breaker?.statuses.includes(status)) return fail(address)
      if (address.failures === 0) return
      watch(address, 'requests', () => noteAnswer(address))
    },

    failed(address, failure) {
      counters.get(address)?.(outcomeOf(failure))
      if (countsAsFailure(failure)) fail(address)
    },

    release(address) {
      address.active -= 1
      if (address.pausedUntil > 0) address.isOnTrial = false
      serveLine()
      if (line.length === 0) isOverrun = false
    },

    again(request, { wanted, address, failure }) {
      const { retries, tried } = wanted
      if (retries >= config.retries.most || !mayRepeat(request, failure, config.retries)) {
        return undefined
      }
      // Only an idle connection that broke says nothing of its address.
      const next = {
        ...{ isRepeatable: isRepeatable(request, config.retries), retries: retries + 1 },
        ...(failure.isReused ? { tried, avoid: address } : { tried: [...tried, address] }),
      }
      if (next.tried.length >= addresses.length || !budget.spend()) return undefined
      metrics.retried(origin)
      return next
    },

    checked: (address, isWell) => watch(address, 'health', () => noteCheck(address, isWell)),

    read: () => ({
      upstream: origin,
      waiting: line.length,
      addresses: addresses.map((address) => ({
        address: address.url.origin,
        active: address.active,
        isInUse: isInUse(address),
      })),
    }),

    close: () => line.dismiss(unavailable),
  }
}

function outcomeOf({ error, wasConnected }: AttemptFailure): UpstreamOutcome {
  if (error instanceof UpstreamTimeout) return 'timeout'
  return wasConnected ? 'broken' : 'unconnected'
}
