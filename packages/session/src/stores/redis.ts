import { type Clock, SallyportError, sha256, systemClock } from '@sallyport/core'
import type { ObservableSessionStore } from '../cache/change-feed.ts'
import { assertMark, assertMarkIds } from '../mark.ts'
import type { SessionKey, SessionRecord } from '../record.ts'
import { assertSessionRecord, isSessionKey } from '../record-shape.ts'
import { assertSessionFilter, matchesFilter, type SessionFilter } from '../session-filter.ts'
import { assertPageRequest, type PageRequest, type SessionPage } from '../session-page.ts'
import { assertStoredTask, assertTaskTake } from '../task.ts'
import { changesChannel, listenToRedis, type RedisChangesContext } from './redis-changes.ts'
import { openRedisConnection } from './redis-connection.ts'
import { assertKeepsKeys } from './redis-eviction.ts'
import { createRedisIndex } from './redis-index.ts'
import type { RedisServer } from './redis-link.ts'
import { createRedisMarks } from './redis-marks.ts'
import { claimScript, deleteScript, putScript, runScript } from './redis-scripts.ts'
import { createRedisTasks } from './redis-tasks.ts'
import { grace, toTtlMs } from './redis-ttl.ts'
import { toGroups } from './session-groups.ts'
import { encodeRow, liveRecord, parseRow } from './stored-row.ts'
import { assertTimeout } from './time-limit.ts'

export type { RedisServer } from './redis-link.ts'

/** Where and how a Redis store keeps sessions. */
export type RedisStoreOptions = RedisServer & {
  /** @defaultValue the machine's clock */
  clock?: Clock
  /**
   * What all keys begin with; another installation on the same server needs another one.
   *
   * @defaultValue 'sallyport:'
   */
  prefix?: string
  /**
   * After so many milliseconds without an answer a call fails; at most a minute.
   *
   * @defaultValue 1000
   */
  timeoutMs?: number
}

/** A `SessionStore` in Redis or Valkey. */
export type RedisStore = ObservableSessionStore

/** Sessions asked for, or deleted, at once. */
const batchSize = 200

/**
 * Connects to Redis 6.2 or later, Valkey included: one server, behind Sentinels, or a cluster.
 *
 * *Whether* a session is over is told by `clock`, as in every store, so the machines' clocks must
 * agree to a few seconds. *When its bytes go* is up to the server, told in milliseconds from now,
 * so its own clock does not matter.
 *
 * What was acknowledged survives as the server keeps it. With `appendonly yes` a killed server
 * loses nothing; a power cut loses up to a second of writes with `appendfsync everysec`, and
 * nothing with `always`. A failover to a replica loses what had not reached it: a sign-out of
 * that moment must then be repeated.
 *
 * @throws `ERR_SESSION_STORE_UNAVAILABLE` when the server cannot be reached, or may evict keys
 * (`maxmemory-policy` must be `noeviction`); also what each method rejects with later on, when
 * there is no answer in time. TypeError for options that cannot be.
 */
export async function createRedisStore(options: RedisStoreOptions): Promise<RedisStore> {
  const { clock = systemClock, prefix = 'sallyport:', timeoutMs = 1000 } = options
  assertTimeout(timeoutMs)
  const connection = await openRedisConnection(options, timeoutMs)
  try {
    await assertKeepsKeys(connection)
  } catch (error) {
    await connection.close()
    throw error
  }
  return createStoreOn({ server: options, connection, clock, prefix, timeoutMs })
}

interface RedisContext extends RedisChangesContext {
  readonly clock: Clock
}

function createStoreOn(context: RedisContext): RedisStore {
  const { connection, clock, prefix } = context
  const channel = changesChannel(prefix)
  const index = createRedisIndex(context)
  const marks = createRedisMarks(context)
  const tasks = createRedisTasks(context)
  const feeds = new Set<() => void>()
  const running = new Set<Promise<unknown>>()
  let closing: Promise<void> | undefined

  async function putOne(record: SessionRecord): Promise<boolean> {
    const { version, expiresAt, absoluteExpiresAt } = record
    // First the indexes, then the session: a crash in between leaves an entry that leads nowhere,
    // never a session that deleteAll does not find.
    await index.join(record)
    const row = encodeRow({ record })
    const tombstone = encodeRow({ deletedUntil: absoluteExpiresAt })
    const now = clock()
    const ttl = toTtlMs(expiresAt - now + grace)
    const facts = [now, channel, record.key, version, expiresAt, absoluteExpiresAt]
    const argv = [...facts, row, tombstone, namesOf(record), ttl]
    return wins({ script: putScript, keys: [rowKey(record.key)], argv })
  }

  async function getOne(key: SessionKey): Promise<SessionRecord | undefined> {
    const text = await connection.send(rowKey(key), ['HGET', rowKey(key), 'row'])
    return text === null ? undefined : liveRecord(parseRow(text as string, key), clock())
  }

  function deleteOne(key: SessionKey, filter: SessionFilter): Promise<boolean> {
    const argv = [clock(), channel, key, namesOf(filter), grace * 1000]
    return wins({ script: deleteScript, keys: [rowKey(key)], argv })
  }

  async function deleteMatching(filter: SessionFilter): Promise<number> {
    let deleted = 0
    let failure: PromiseRejectedResult | undefined
    let after: string | undefined
    do {
      const { keys, next } = await index.list(filter, { limit: batchSize, after })
      const results = await Promise.allSettled(keys.map((key) => deleteOne(key, filter)))
      deleted += results.filter((result) => result.status === 'fulfilled' && result.value).length
      failure ??= results.find((result) => result.status === 'rejected')
      after = next
      // Nothing gets through: the rest would only take its time to fail.
      if (failure && results.every(({ status }) => status === 'rejected')) break
    } while (after !== undefined)
    if (failure) throw failure.reason
    return deleted
  }

  async function findMatching(filter: SessionFilter, page: PageRequest): Promise<SessionPage> {
    const { keys, next } = await index.list(filter, page)
    const records = await Promise.all(keys.map(getOne))
    const sessions = records.filter((record) => record !== undefined)
    return {
      sessions: sessions.filter((record) => matchesFilter(record, filter)),
      ...(next !== undefined && { next }),
    }
  }

  async function wins(call: Parameters<typeof runScript>[1]): Promise<boolean> {
    return (await runScript(connection, call)) === 1
  }

  async function guarded<T>(action: () => Promise<T>): Promise<T> {
    if (closing) {
      throw new SallyportError('ERR_SESSION_STORE_UNAVAILABLE', 'the session store is closed')
    }
    const attempt = action()
    running.add(attempt)
    try {
      return await attempt
    } finally {
      running.delete(attempt)
    }
  }

  const rowKey = (key: SessionKey) => `${prefix}session:${key}`

  return {
    get: (key) => guarded(async () => (isSessionKey(key) ? getOne(key) : undefined)),

    async put(record) {
      assertSessionRecord(record)
      return guarded(() => putOne(record))
    },

    delete: (key) => guarded(async () => isSessionKey(key) && deleteOne(key, {})),

    async deleteAll(filter) {
      assertSessionFilter(filter)
      return guarded(() => deleteMatching(filter))
    },

    async find(filter, page) {
      assertSessionFilter(filter)
      assertPageRequest(page)
      return guarded(() => findMatching(filter, page))
    },

    claim: (id, expiresAt) =>
      guarded(async () => {
        const now = clock()
        if (expiresAt <= now) return false
        const argv = [now, expiresAt, toTtlMs(expiresAt - now + grace)]
        return wins({ script: claimScript, keys: [`${prefix}claim:${sha256(id)}`], argv })
      }),

    async mark(id, mark) {
      assertMark(mark)
      return guarded(() => marks.write(id, mark))
    },

    async marks(ids) {
      assertMarkIds(ids)
      return guarded(() => marks.read(ids))
    },

    async putTask(task) {
      assertStoredTask(task)
      return guarded(() => tasks.put(task))
    },

    async takeTasks(take) {
      assertTaskTake(take)
      return guarded(() => tasks.take(take))
    },

    removeTask: (id) => guarded(() => tasks.remove(id)),

    onChange(listener) {
      const stop = listenToRedis(context, listener)
      feeds.add(stop)
      return stop
    },

    close() {
      for (const stop of feeds) stop()
      closing ??= Promise.allSettled(running).then(() => connection.close())
      return closing
    },
  }
}

/** Names of all that a session has in common with others, or that a filter asks for. */
function namesOf(filter: SessionRecord | SessionFilter): string {
  return Object.values(toGroups(filter)).join(' ')
}
