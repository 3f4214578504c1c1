import { type MeterProvider, metrics } from '@opentelemetry/api'
import { afterEach, expect, test } from 'vitest'
import { createCounters } from './counters.ts'

afterEach(() => metrics.disable())

test('counts by name and labels, whatever their order', () => {
  const counters = createCounters()
  const carried = counters.counter('requests', { lane: 'fast', kind: 'plain' })
  carried.add()
  carried.add()
  counters.counter('requests', { kind: 'plain', lane: 'fast' }).add()
  counters.counter('requests', { lane: 'node' }).add()
  counters.counter('others', { lane: 'fast' })
  expect(counters.counts()).toEqual([
    { name: 'requests', labels: { lane: 'fast', kind: 'plain' }, value: 3 },
    { name: 'requests', labels: { lane: 'node' }, value: 1 },
    { name: 'others', labels: { lane: 'fast' }, value: 0 },
  ])
})

test('is read by the meter of an application’s own SDK, when that asks', () => {
  const callbacks: ((result: object) => void)[] = []
  const provider = {
    getMeter: (scope: string) => ({
      createObservableCounter: (name: string) => ({
        addCallback: (callback: (result: object) => void) => {
          expect([scope, name]).toEqual(['sallyport', 'requests'])
          callbacks.push(callback)
        },
      }),
    }),
  }
  metrics.setGlobalMeterProvider(provider as unknown as MeterProvider)
  const counters = createCounters()
  counters.counter('requests', { lane: 'fast' }).add()
  counters.counter('requests', { lane: 'node' }).add()
  const seen: unknown[] = []
  for (const callback of callbacks) callback({ observe: (...one: unknown[]) => seen.push(one) })
  expect(seen).toEqual([
    [1, { lane: 'fast' }],
    [1, { lane: 'node' }],
  ])
})
