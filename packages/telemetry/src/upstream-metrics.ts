import { type Attributes, metrics, type ObservableResult } from '@opentelemetry/api'

/** How an exchange with an upstream's address came out. */
export type UpstreamOutcome = (typeof outcomes)[number]

const outcomes = ['answered', 'timeout', 'unconnected', 'broken'] as const

/** The state of one upstream. */
export interface UpstreamReading {
  /** Its origin, as routes name it. */
  readonly upstream: string
  /** Requests that wait. */
  readonly waiting: number
  readonly addresses: readonly {
    readonly address: string
    /** Exchanges under way. */
    readonly active: number
    readonly isInUse: boolean
  }[]
}

/** What is counted about upstreams. */
export interface UpstreamMetrics {
  /** Makes what counts the exchanges with one address, once for all of them. */
  counter(upstream: string, address: string): (outcome: UpstreamOutcome) => void
  /** A request is sent again. */
  retried(upstream: string): void
  /** A request is refused, because nothing is in use or too many wait. */
  refused(upstream: string): void
  /** Has states read whenever somebody collects them. @returns ends that. */
  observe(read: () => Iterable<UpstreamReading>): () => void
}

/**
 * Creates the instruments, of the meter `sallyport`, with the meter provider that is registered with
 * OpenTelemetry's API at that moment; without one nothing is counted.
 *
 * - `sallyport.upstream.requests`: by `upstream`, `address` and `outcome`
 * - `sallyport.upstream.retries`, `sallyport.upstream.refusals`, `sallyport.upstream.waiting`: by `upstream`
 * - `sallyport.upstream.active` and `sallyport.upstream.in_use` (1 or 0): by `upstream` and `address`
 */
export function createUpstreamMetrics(): UpstreamMetrics {
  const meter = metrics.getMeter('sallyport')
  const requests = meter.createCounter('sallyport.upstream.requests')
  const retries = meter.createCounter('sallyport.upstream.retries')
  const refusals = meter.createCounter('sallyport.upstream.refusals')
  const waiting = meter.createObservableUpDownCounter('sallyport.upstream.waiting')
  const active = meter.createObservableUpDownCounter('sallyport.upstream.active')
  const inUse = meter.createObservableGauge('sallyport.upstream.in_use')

  return {
    counter(upstream, address) {
      const attributes = Object.fromEntries(
        outcomes.map((outcome): [string, Attributes] => [outcome, { upstream, address, outcome }]),
      )
      return (outcome) => requests.add(1, attributes[outcome])
    },

    retried: (upstream) => retries.add(1, { upstream }),

    refused: (upstream) => refusals.add(1, { upstream }),

    observe(read) {
      const each = (say: (reading: UpstreamReading) => void) => {
        for (const reading of read()) say(reading)
      }
      const readers = [
        [
          waiting,
          (result: ObservableResult) =>
            each(({ upstream, waiting }) => result.observe(waiting, { upstream })),
        ],
        [active, (result: ObservableResult) => each(byAddress(result, ({ active }) => active))],
        [
          inUse,
          (result: ObservableResult) => each(byAddress(result, ({ isInUse }) => (isInUse ? 1 : 0))),
        ],
      ] as const
      for (const [instrument, reader] of readers) instrument.addCallback(reader)
      return () => {
        for (const [instrument, reader] of readers) instrument.removeCallback(reader)
      }
    },
  }
}

function byAddress(
  result: ObservableResult,
  read: (reading: UpstreamReading['addresses'][number]) => number,
): (reading: UpstreamReading) => void {
  return ({ upstream, addresses }) => {
    for (const one of addresses) result.observe(read(one), { upstream, address: one.address })
  }
}
