import { expect, test } from 'vitest'
import {
  createAddress,
  isInUse,
  noteAnswer,
  noteCheck,
  noteFailure,
  readinessOf,
} from './upstream-address.ts'

const breaker = { failures: 3, longestPause: 10, statuses: [] }
const fail = (address: ReturnType<typeof createAddress>, now: number) =>
  noteFailure(address, { breaker, now, random: 1 })

test('an address pauses after its failures in a row, for longer with each failed trial', () => {
  const address = createAddress('http://localhost:1')
  fail(address, 0)
  fail(address, 0)
  noteAnswer(address)
  fail(address, 0)
  fail(address, 0)
  expect(isInUse(address)).toBe(true)
  fail(address, 0)
  expect(isInUse(address)).toBe(false)
  let now = 0
  for (const pause of [1, 2, 4, 8, 10, 10]) {
    expect(readinessOf(address, now + pause - 0.01)).toBe('out of use')
    now += pause
    expect(readinessOf(address, now)).toBe('trial')
    address.isOnTrial = true
    expect(readinessOf(address, now)).toBe('out of use')
    fail(address, now)
  }
  address.isOnTrial = true
  noteAnswer(address)
  expect(readinessOf(address, now)).toBe('in use')
  fail(address, now)
  expect(isInUse(address)).toBe(true)
})

test('what was under way when a pause began neither ends nor lengthens it', () => {
  const address = createAddress('http://localhost:1')
  for (let i = 0; i < 3; i += 1) fail(address, 0)
  const until = address.pausedUntil
  fail(address, 0.5)
  noteAnswer(address)
  expect(address.pausedUntil).toBe(until)
})

test('jitter only shortens a pause, by half at most', () => {
  const address = createAddress('http://localhost:1')
  for (let i = 0; i < 3; i += 1) noteFailure(address, { breaker, now: 0, random: 0 })
  expect(address.pausedUntil).toBe(0.5)
})

test('without a breaker no failure counts', () => {
  const address = createAddress('http://localhost:1')
  for (let i = 0; i < 9; i += 1) noteFailure(address, { breaker: undefined, now: 0, random: 1 })
  expect(isInUse(address)).toBe(true)
})

test('two failed checks in a row are illness, and one that goes well ends it and any pause', () => {
  const address = createAddress('http://localhost:1')
  noteCheck(address, false)
  noteCheck(address, true)
  noteCheck(address, false)
  expect(isInUse(address)).toBe(true)
  noteCheck(address, false)
  expect(readinessOf(address, 1e9)).toBe('out of use')
  for (let i = 0; i < 3; i += 1) fail(address, 0)
  noteCheck(address, true)
  expect(isInUse(address)).toBe(true)
})

test('a check that goes well ends no pause of an address that was not ill', () => {
  const address = createAddress('http://localhost:1')
  for (let i = 0; i < 3; i += 1) fail(address, 0)
  noteCheck(address, true)
  expect(isInUse(address)).toBe(false)
})
