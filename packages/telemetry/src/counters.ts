import { type Meter, metrics } from '@opentelemetry/api'

/** What tells the counts of one name apart: labels of few values, never of a caller's choosing. */
export type CounterLabels = Readonly<Record<string, string>>

/** Counts one thing. Counting is an addition: whoever exports metrics asks for the sum. */
export interface Counter {
  add(): void
}

/** A counter's name, labels and sum. */
export interface Count {
  readonly name: string
  readonly labels: CounterLabels
  readonly value: number
}

/** The counters of one service. */
export interface Counters {
  /** The counter of a name and labels; the same one each time. To be kept by who counts often. */
  counter(name: string, labels: CounterLabels): Counter
  /** All counts so far. */
  counts(): readonly Count[]
}

/**
 * Creates counters. Each name is an observable counter of the OpenTelemetry meter `sallyport`, so an
 * application whose own SDK was registered before exports them; without one they cost an addition.
 */
export function createCounters(): Counters {
  const meter = metrics.getMeter('sallyport')
  const byName = new Map<string, Map<string, { labels: CounterLabels; value: number }>>()

  return {
    counter(name, labels) {
      const known = byName.get(name)
      const series = known ?? new Map()
      if (!known) {
        byName.set(name, series)
        observe(meter, name, series)
      }
      const key = JSON.stringify(Object.entries(labels).sort())
      const count = series.get(key) ?? { labels, value: 0 }
      series.set(key, count)
      return {
        add() {
          count.value += 1
        },
      }
    },

    counts: () =>
      [...byName].flatMap(([name, series]) =>
        [...series.values()].map(({ labels, value }) => ({ name, labels, value })),
      ),
  }
}

function observe(
  meter: Meter,
  name: string,
  series: ReadonlyMap<string, { labels: CounterLabels; value: number }>,
): void {
  meter.createObservableCounter(name).addCallback((result) => {
    for (const { labels, value } of series.values()) result.observe(value, { ...labels })
  })
}
