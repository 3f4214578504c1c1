import type { SessionKey } from '@sallyport/session'
import { createTelemetry } from '@sallyport/telemetry'
import { expect, test } from 'vitest'
import type { Session } from '../sessions/session.ts'
import { createSessionWatch, type Sighting } from './session-watch.ts'

const { log } = createTelemetry({ service: 'bff', level: 'silent' })

function sessionUntil(expiresAt: number): Session {
  const record = {
    ...{ key: 'key' as SessionKey, version: 1, frontend: '', issuer: '', subject: 'alice' },
    ...{ createdAt: 0, absoluteExpiresAt: 1000, expiresAt, sealed: '' },
  }
  return { record, content: { claims: {}, idToken: '', accessTokens: {} }, setCookies: [] }
}

/** A watch whose seconds pass when told, over what each look finds. */
function watching(mode: 'stored' | 'sealed', most = 10) {
  const due: Array<() => Promise<void>> = []
  const seen: Sighting[] = []
  const world = { now: 0, reload: (): Session | undefined => sessionUntil(100), seen, due }
  const sessions = { reload: () => world.reload(), endReason: () => undefined }
  const later = (_seconds: number, work: () => Promise<void>) => void due.push(work)
  const clock = () => world.now
  const watch = createSessionWatch({ ...{ sessions, clock, log, later, mode, most } })
  const second = async () => {
    await due.shift()?.()
  }
  return { ...{ world, watch, second }, stop: watch.watch(sessionUntil(50), (s) => seen.push(s)) }
}

test('a session that cannot be read before its latest end is lost; after it, expired', async () => {
  for (const [at, reason] of [
    [60, 'lost'],
    [100, 'expired'],
  ] as const) {
    const { world, second } = watching('stored')
    await second()
    expect(world.seen.at(-1)?.kind).toBe('live')
    Object.assign(world, { now: at, reload: () => undefined })
    await second()
    expect(world.seen.at(-1)).toEqual({ kind: 'ended', reason })
  }
})

test('a sealed session that cannot be seen has not ended: its browser may know better', async () => {
  const { world, second } = watching('sealed')
  Object.assign(world, { now: 100, reload: () => undefined })
  await second()
  expect(world.seen).toEqual([{ kind: 'unseen' }])
})

test('a store that fails ends nothing, and is asked again', async () => {
  const { world, second } = watching('stored')
  const good = world.reload
  world.reload = () => {
    throw new Error('disk gone')
  }
  await second()
  expect(world.seen).toEqual([])
  world.reload = good
  await second()
  expect(world.seen.map(({ kind }) => kind)).toEqual(['live'])
})

test('one timer serves all, and stands still when nobody watches', async () => {
  const { world, watch, second, stop } = watching('stored')
  const stopOther = watch.watch(sessionUntil(50), () => {})
  expect(world.due).toHaveLength(1)
  await second()
  expect(world.due).toHaveLength(1)
  stop()
  stopOther()
  await second()
  expect(world.due).toHaveLength(0)
})

test('more streams than a process may hold, or after the end, are refused', () => {
  const { world, watch, stop } = watching('stored', 1)
  expect(watch.problem(sessionUntil(50))).toBe('ERR_EVENT_STREAMS_EXHAUSTED')
  stop()
  expect(watch.problem(sessionUntil(50))).toBeUndefined()
  watch.close()
  expect(watch.problem(sessionUntil(50))).toBe('ERR_EVENT_STREAMS_EXHAUSTED')
  expect(world.seen).toEqual([])
})
