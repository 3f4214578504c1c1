import { describe, expect, test } from 'vitest'
import { createRetryBudget } from './retry-budget.ts'
import { type AttemptFailure, countsAsFailure, mayRepeat } from './retry-rules.ts'
import { UpstreamTimeout } from './upstream-timeout.ts'

const broken: AttemptFailure = {
  error: new Error('reset'),
  ...{ wasConnected: true, isReused: false, hasBegun: false, isUploading: false },
}
const get = { method: 'GET', hasBody: false, isBodyWhole: true }
const post = { method: 'POST', hasBody: true, isBodyWhole: true }
const retries = { most: 2, methods: ['GET' as const, 'DELETE' as const] }
const unconnected = { ...broken, wasConnected: false }
const late = new UpstreamTimeout('headers')

describe('a failed request', () => {
  test.each<[string, typeof get, AttemptFailure, boolean]>([
    ['broke before the response', get, broken, true],
    ['broke on a kept connection', get, { ...broken, isReused: true }, true],
    ['broke within the response', get, { ...broken, hasBegun: true }, false],
    ['was too slow', get, { ...broken, error: late }, false],
    ['had no connection', get, unconnected, true],
    ['had none in time', get, { ...unconnected, error: new UpstreamTimeout('connect') }, true],
    ['may be repeated by option', { ...get, method: 'DELETE' }, broken, true],
    ['may not be repeated', { ...get, method: 'HEAD' }, broken, false],
    ['is a GET with a body', { ...get, hasBody: true }, broken, false],
    ['is a POST', post, broken, false],
    ['is a POST without a body', { ...post, hasBody: false }, broken, false],
    ['is a POST on a kept connection', post, { ...broken, isReused: true }, false],
    ['is a POST without a connection', post, unconnected, true],
    ['is one whose body has gone', { ...post, isBodyWhole: false }, unconnected, false],
  ])('that %s', (_what, request, failure, expected) => {
    expect(mayRepeat(request, failure, retries)).toBe(expected)
  })

  test.each<[string, AttemptFailure, boolean]>([
    ['without a connection', unconnected, true],
    ['that broke', broken, true],
    ['that was too slow', { ...broken, error: late }, true],
    ['that was too slow on a kept connection', { ...broken, error: late, isReused: true }, true],
    ['whose client was slow', { ...broken, error: late, isUploading: true }, false],
    ['that broke on a kept connection', { ...broken, isReused: true }, false],
    ['within the response', { ...broken, hasBegun: true }, false],
  ])('%s counts against its address: %s', (_what, failure, expected) => {
    expect(countsAsFailure(failure)).toBe(expected)
  })
})

test('retries are at most a fifth of the requests, once those that were saved up are gone', () => {
  const budget = createRetryBudget()
  const spendAll = () => {
    let spent = 0
    while (budget.spend()) spent += 1
    return spent
  }
  expect(spendAll()).toBe(1000)
  for (let i = 0; i < 102; i += 1) budget.earn()
  expect(spendAll()).toBe(20)
  for (let i = 0; i < 50_000; i += 1) budget.earn()
  expect(spendAll()).toBeLessThanOrEqual(1000)
})
