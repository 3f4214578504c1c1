import type { SessionLease } from '@sallyport/session'
import { createTelemetry } from '@sallyport/telemetry'
import { expect, test } from 'vitest'
import type { Session } from '../sessions/session.ts'
import type { SessionChanges } from '../sessions/sessions.ts'
import { holdLease } from './lease-hold.ts'
import { createModelTime } from './model-time.fixture.ts'

const { log } = createTelemetry({ service: 'bff', level: 'silent' })
const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A lease that is held on one row, which the test can change. */
function hold() {
  const time = createModelTime(1_000_000)
  const row = {
    lease: { holder: 'own', until: 1003 } as SessionLease | undefined,
    isAway: false,
    writes: 0,
    clock: () => Math.floor(time.nowMs() / 1000),
  }
  const sessions = {
    reload() {
      if (row.isAway) throw new Error('the store is away')
      return { record: { lease: row.lease } } as Session
    },
    update({ record }: Session, { lease }: SessionChanges) {
      if (record.lease !== row.lease) return false
      row.lease = lease
      row.writes += 1
      return true
    },
  }
  const held = holdLease(
    { session: {} as Session, holder: 'own', takenAtMs: time.nowMs() },
    {
      ...{ sessions, log, clock: () => row.clock(), times: { leaseTime: 3, longestHold: 20 } },
      ...{ elapsedMs: time.nowMs, wait: time.sleep },
    },
  )
  return { held, row, pass: (seconds: number) => time.pass(seconds * 1000, settle) }
}

test('a lease is prolonged while it is held, each time to a later end, whatever the clock does', async () => {
  const { held, row, pass } = hold()
  let until = 0
  for (const clock of [1000, 1000, 5000, 20, 21]) {
    row.clock = () => clock
    await pass(1)
    expect(row.lease?.until).toBeGreaterThan(until)
    until = row.lease?.until ?? 0
    expect(held.isSure()).toBe(true)
  }
})

test('not beyond what a renewal may take, and not when it is stopped', async () => {
  const { held, row, pass } = hold()
  await pass(25)
  const { writes } = row
  expect(writes).toBeGreaterThan(30)
  await pass(25)
  expect(row.writes).toBe(writes)
  expect(await held.prolong()).toBe(false)

  const other = hold()
  other.held.stop()
  await other.pass(10)
  expect(other.row.writes).toBe(0)
})

test('a holder is not sure of one that it could not prolong in time, until it can again', async () => {
  const { held, row, pass } = hold()
  row.isAway = true
  await pass(1)
  expect(held.isSure()).toBe(true)
  await pass(1)
  expect(held.isSure()).toBe(false)
  await expect(held.prolong()).rejects.toThrow('away')
  row.isAway = false
  await pass(1)
  expect(held.isSure()).toBe(true)
})

test('one that somebody else has taken over, or that ended, is never taken back', async () => {
  for (const taken of [{ holder: 'other', until: 1 }, undefined]) {
    const { held, row, pass } = hold()
    row.lease = taken
    expect(await held.prolong()).toBe(false)
    await pass(5)
    expect(row.lease).toBe(taken)
    expect(held.isSure()).toBe(false)
  }
})
