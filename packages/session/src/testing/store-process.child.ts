/**
 * A process of its own that works on a distributed store:
 * `store-process.child.ts <job> <JSON of StorePlace> <name>`.
 */
import { writeSync } from 'node:fs'
import { systemClock } from '@sallyport/core'
import type { ObservableSessionStore } from '../cache/change-feed.ts'
import type { SessionKey } from '../record.ts'
import type { SessionStore } from '../store.ts'
import { createPostgresStore } from '../stores/postgres.ts'
import { createRedisStore } from '../stores/redis.ts'
import { openLiveCache } from './live-cache.fixture.ts'
import { sessionOfNow } from './session-of-now.fixture.ts'

/** Which store a process opens. */
export type StorePlace =
  | { redis: { url: string; prefix: string } }
  | { postgres: { url: string; schema: string } }

export async function openStoreAt(place: StorePlace): Promise<ObservableSessionStore> {
  return 'redis' in place ? createRedisStore(place.redis) : createPostgresStore(place.postgres)
}

/** What a process says, a JSON line each. */
export type ChildReport =
  | { said: 'putting' | 'put' | 'deleting' | 'deleted'; key: string; version: number }
  | { said: 'counted' | 'taken'; key: string }
  | { said: 'cached'; key: string }
  | { said: 'refused'; key: string; atMs: number }

/** Rounds of create, update and (for each third session) delete, four at a time, until killed. */
async function writeUntilKilled(store: SessionStore, name: string): Promise<void> {
  let next = 0
  const lane = async () => {
    for (;;) {
      const number = next++
      const key = `${name}/${number}`
      for (let version = 1; version <= 2; version++) {
        say({ said: 'putting', key, version })
        if (!(await store.put(sessionOfNow({ key, version, subject: name })))) {
          throw new Error(`${key} refused`)
        }
        say({ said: 'put', key, version })
      }
      if (number % 3 !== 0) continue
      say({ said: 'deleting', key, version: 2 })
      await store.delete(key as SessionKey)
      say({ said: 'deleted', key, version: 2 })
    }
  }
  await Promise.all(Array.from({ length: 4 }, lane))
}

/** Increments one session's version until it has won often enough. */
async function count(store: SessionStore, key: string): Promise<void> {
  for (let won = 0; won < 100; ) {
    const record = await store.get(key as SessionKey)
    if (!record) throw new Error('the counter is gone')
    if (await store.put({ ...record, version: record.version + 1 })) won += 1
  }
  say({ said: 'counted', key })
}

/** Takes tasks, each for as long as the test lasts, until none is due. */
async function take(store: SessionStore): Promise<void> {
  for (;;) {
    const tasks = await store.takeTasks({ limit: 7, leaseTime: 3600 })
    for (const { id } of tasks) say({ said: 'taken', key: id })
    if (tasks.length === 0) return
  }
}

/** Keeps in a cache that an id has no mark, and says at which moment it has one. */
async function watchMark(store: ObservableSessionStore, id: string): Promise<void> {
  const cached = await openLiveCache(store, systemClock)
  if ((await cached.marks([id]))[0]) throw new Error('there is a mark')
  say({ said: 'cached', key: id })
  while (!(await cached.marks([id]))[0]) await new Promise(setImmediate)
  say({ said: 'refused', key: id, atMs: Date.now() })
}

/** Keeps a session in a cache, and says at which moment it is no longer accepted. */
async function watch(store: ObservableSessionStore, key: string): Promise<void> {
  const cached = await openLiveCache(store, systemClock)
  await cached.get(key as SessionKey)
  if (cached.get(key as SessionKey) instanceof Promise) throw new Error('the session is not cached')
  say({ said: 'cached', key })
  while (await cached.get(key as SessionKey)) await new Promise(setImmediate)
  say({ said: 'refused', key, atMs: Date.now() })
}

function say(report: ChildReport): void {
  writeSync(1, `${JSON.stringify(report)}\n`)
}

const jobs: Record<string, (store: ObservableSessionStore, name: string) => Promise<void>> = {
  write: writeUntilKilled,
  count,
  take,
  watch,
  watchMark,
}

if (import.meta.main) {
  const [job = '', place = '', name = ''] = process.argv.slice(2)
  const store = await openStoreAt(JSON.parse(place))
  await jobs[job]?.(store, name)
  await store.close()
}
