import {
  type Attributes,
  type BatchObservableCallback,
  createNoopMeter,
  type Meter,
  metrics,
  type ObservableCallback,
} from '@opentelemetry/api'

/** What is counted in this process, by name of the instrument and attributes. */
export interface RecordedMeter {
  /** The sum of all that has these attributes; of what is observed, as it is now. */
  read(instrument: string, attributes?: Attributes): number
  /** Unregisters it. */
  close(): void
}

interface Measurement {
  instrument: string
  value: number
  attributes: Attributes
}

/** Registers a meter provider that keeps what it is told. For gateways that start after it. */
export function registerMeter(): RecordedMeter {
  const counted: Measurement[] = []
  const observed = new Map<string, Set<ObservableCallback>>()

  function createObservable(instrument: string) {
    const callbacks = observed.get(instrument) ?? new Set()
    observed.set(instrument, callbacks)
    return {
      addCallback: (callback: ObservableCallback) => void callbacks.add(callback),
      removeCallback: (callback: ObservableCallback) => void callbacks.delete(callback),
    }
  }

  const meter: Meter = {
    ...createNoopMeter(),
    createGauge: () => ({ record: () => undefined }),
    createHistogram: () => ({ record: () => undefined }),
    createCounter: (instrument) => ({
      add: (value, attributes?: Attributes) =>
        void counted.push({ instrument, value, attributes: attributes ?? {} }),
    }),
    createUpDownCounter: () => ({ add: () => undefined }),
    createObservableGauge: createObservable,
    createObservableCounter: createObservable,
    createObservableUpDownCounter: createObservable,
    addBatchObservableCallback: (_callback: BatchObservableCallback) => undefined,
    removeBatchObservableCallback: (_callback: BatchObservableCallback) => undefined,
  }
  metrics.setGlobalMeterProvider({ getMeter: () => meter })

  return {
    read(instrument, wanted = {}) {
      const found: Measurement[] = counted.filter((one) => one.instrument === instrument)
      for (const callback of observed.get(instrument) ?? []) {
        void callback({
          observe: (value, attributes = {}) => void found.push({ instrument, value, attributes }),
        })
      }
      return found
        .filter(({ attributes }) =>
          Object.entries(wanted).every(([name, value]) => attributes[name] === value),
        )
        .reduce((sum, { value }) => sum + value, 0)
    },

    close: () => metrics.disable(),
  }
}
