import type { SessionKey } from '@sallyport/session'
import { expect, test } from 'vitest'
import { createLeaseWatch } from './lease-watch.ts'

const key = 'one' as SessionKey
const lease = { holder: 'h', until: 100 }

function watchFor(leaseTime = 3, most?: number) {
  let nowMs = 5000
  const watch = createLeaseWatch({ elapsedMs: () => nowMs, leaseTime, ...(most && { most }) })
  return {
    watch,
    /** Looks every quarter of a second. @returns after how many milliseconds it is over. */
    overAfterMs(seen: (atMs: number) => typeof lease | undefined, mostMs = 20_000) {
      for (let atMs = 0; atMs <= mostMs; atMs += 250, nowMs += 250) {
        const now = seen(atMs)
        if (now && watch.isOver(key, now)) return atMs
      }
      return undefined
    },
    pass(ms: number) {
      nowMs += ms
    },
  }
}

test('a lease that nobody prolongs is over when it was watched for its whole length', () => {
  expect(watchFor().overAfterMs(() => lease)).toBe(3000)
  expect(watchFor().overAfterMs(() => ({ ...lease, until: 3_000_000_000 }))).toBe(3000)
})

test('one that is prolonged goes on, whatever its holder’s clock says', () => {
  const prolonged = (atMs: number) => ({ ...lease, until: -3600 + Math.floor(atMs / 2000) })
  expect(watchFor().overAfterMs(prolonged)).toBeUndefined()
})

test('a new holder’s is watched from its start', () => {
  expect(watchFor().overAfterMs((atMs) => (atMs < 2000 ? lease : { ...lease, holder: 'i' }))).toBe(
    5000,
  )
})

test('a time in which nobody could look counts for little: its holder could not prolong it either', () => {
  const { overAfterMs, pass, watch } = watchFor()
  overAfterMs(() => lease, 1000)
  pass(60_000)
  expect(watch.isOver(key, lease)).toBe(false)
  expect(overAfterMs(() => lease)).toBeGreaterThanOrEqual(1250)
})

test('what several requests have seen counts together', () => {
  const { overAfterMs } = watchFor()
  expect(overAfterMs((atMs) => (atMs % 500 ? undefined : lease))).toBe(3000)
})

test('the leases of very many sessions are not remembered', () => {
  const { watch, pass } = watchFor(3, 2)
  watch.isOver(key, lease)
  for (const other of ['two', 'three']) watch.isOver(other as SessionKey, lease)
  for (let i = 0; i < 5; i += 1) {
    pass(500)
    expect(watch.isOver(key, lease)).toBe(false)
  }
})
