import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomToken, sha256 } from '@sallyport/core'
import type { SessionKey, SessionRecord } from '@sallyport/session'
import { describeMachine, toTable, writeSection } from '../report.ts'
import { type BenchStore, type OpenStore, openBenchStore } from './open-bench-store.ts'

/** One store with so many sessions in it. */
interface SessionsResult {
  readonly store: BenchStore
  readonly sessions: number
  readonly lookupsPerSecond: number
  /** The same, as a part of what it was with the smallest number. */
  readonly ofSmallest: number
  readonly bytesPerSession: number
}

/** Sessions that are written at once, and lookups that are under way at once. */
const atOnce = 64
/** Seconds of lookups, before which as many warm up. */
const measured = 3
/** Bytes that are sealed: claims, an ID token and two access tokens. */
const sealedBytes = 1500

/**
 * Looks sessions up by random keys in stores of growing size, prints a table, and writes
 * bench/sessions.json and docs/benchmarks.md.
 */
export async function benchSessions(
  stores: readonly BenchStore[],
  sizes: readonly number[],
): Promise<void> {
  const results: SessionsResult[] = []
  const ascending = sizes.toSorted((a, b) => a - b)
  for (const kind of stores) {
    const opened = await openBenchStore(kind)
    try {
      results.push(...(await measureStore(kind, opened, ascending)))
    } finally {
      await opened.close()
    }
    // After each store: what was measured stays, also when the next one is too much for the machine.
    writeDown(results)
  }
}

function writeDown(results: readonly SessionsResult[]): void {
  const machine = describeMachine()
  const json = JSON.stringify({ machine, atOnce, sealedBytes, results }, undefined, 2)
  writeFileSync(join(import.meta.dirname, '../sessions.json'), `${json}\n`)
  writeSection('sessions', [`Measured on ${machine}.`, '', ...toTable(toRows(results))])
}

/** One store that grows from size to size. */
async function measureStore(kind: BenchStore, opened: OpenStore, sizes: readonly number[]) {
  const results: SessionsResult[] = []
  const keys: SessionKey[] = []
  const emptyBytes = await opened.bytes()
  for (const sessions of sizes) {
    await fill(opened, keys, sessions)

    const bytes = (await opened.bytes()) - emptyBytes
    await lookUp(opened, keys)
    const lookupsPerSecond = Math.round(await lookUp(opened, keys))
    const first = results[0]?.lookupsPerSecond ?? lookupsPerSecond
    const result = {
      ...{ store: kind, sessions, lookupsPerSecond },
      ofSmallest: Number((lookupsPerSecond / first).toFixed(2)),
      bytesPerSession: Math.round(bytes / sessions),
    }
    process.stdout.write(`${JSON.stringify(result)}\n`)
    results.push(result)
  }
  return results
}

async function fill({ store }: OpenStore, keys: SessionKey[], wanted: number): Promise<void> {
  const lane = async () => {
    while (keys.length < wanted) {
      const record = createRecord()
      keys.push(record.key)
      if (!(await store.put(record))) throw new Error('a session was not stored')
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
}

/** @returns lookups a second. */
async function lookUp({ store }: OpenStore, keys: readonly SessionKey[]): Promise<number> {
  const startedAtMs = performance.now()
  let count = 0
  const isOver = () => performance.now() - startedAtMs > measured * 1000
  const lane = async () => {
    while (!isOver()) {
      // A store that answers at once is not asked the time after each answer.
      for (let i = 0; i < 16; i += 1) {
        const found = store.get(keys[Math.floor(Math.random() * keys.length)] as SessionKey)
        if (!(found instanceof Promise ? await found : found)) throw new Error('a session is gone')
        count += 1
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return count / ((performance.now() - startedAtMs) / 1000)
}

function createRecord(): SessionRecord {
  const createdAt = Math.floor(Date.now() / 1000)
  return {
    ...{ key: sha256(randomToken()) as SessionKey, version: 1, frontend: 'https://app.example' },
    ...{ issuer: 'https://id.example', subject: randomToken(), sid: randomToken() },
    ...{ createdAt, absoluteExpiresAt: createdAt + 86_400, expiresAt: createdAt + 43_200 },
    sealed: `k1.${randomBytes(sealedBytes).toString('base64url')}`,
  }
}

function toRows(results: readonly SessionsResult[]): (string | number)[][] {
  const head = ['Store', 'Sessions', 'Lookups a second', 'To the first', 'Bytes a session']
  return [
    head,
    ...results.map((one) => [
      ...[one.store, one.sessions.toLocaleString('en')],
      ...[one.lookupsPerSecond.toLocaleString('en'), one.ofSmallest.toFixed(2)],
      one.bytesPerSession.toLocaleString('en'),
    ]),
  ]
}
