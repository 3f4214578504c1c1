import { type Clock, type EpochSeconds, SallyportError, sha256, systemClock } from '@sallyport/core'
import type { ObservableSessionStore } from '../cache/change-feed.ts'
import type { SessionKey, SessionRecord } from '../record.ts'
import { assertSessionRecord, isSessionKey } from '../record-shape.ts'
import type { SessionFilter } from '../session-filter.ts'
import { changesChannel, listenToRedis, type RedisChangesContext } from './redis-changes.ts'
import { openRedisConnection } from './redis-connection.ts'
import { assertKeepsKeys } from './redis-eviction.ts'
import type { RedisServer } from './redis-link.ts'
import { claimScript, deleteScript, joinScript, putScript, runScript } from './redis-scripts.ts'
import { groupsOf, toGroup } from './session-groups.ts'
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

/** A {@link SessionStore} in Redis or Valkey. */
export interface RedisStore extends ObservableSessionStore {
  get(key: SessionKey): Promise<SessionRecord | undefined>
  put(record: SessionRecord): Promise<boolean>
  delete(key: SessionKey): Promise<boolean>
  deleteAll(filter: SessionFilter): Promise<number>
  claim(id: string, expiresAt: EpochSeconds): Promise<boolean>
  close(): Promise<void>
}

/** Seconds for which the server keeps what is over, so that no clock that is slow misses it. */
const grace = 60

/** Seconds for which an index keeps a session that is over, whatever clocks say. */
const indexGrace = 3600

/** Nobody waits longer for a session's end: about 3000 years. */
const longestTtlMs = 1e14

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
  const feeds = new Set<() => void>()
  const running = new Set<Promise<unknown>>()
  let closing: Promise<void> | undefined

  async function putOne(record: SessionRecord): Promise<boolean> {
    const { version, expiresAt, absoluteExpiresAt } = record
    const groups = groupsOf(record)
    // First the indexes, then the session: a crash in between leaves an entry that leads nowhere,
    // never a session that deleteAll does not find.
    await Promise.all(groups.map((group) => join(group, record)))
    const row = encodeRow({ record })
    const tombstone = encodeRow({ deletedUntil: absoluteExpiresAt })
    const now = clock()
    const ttl = toTtlMs(expiresAt - now + grace)
    const facts = [now, channel, record.key, version, expiresAt, absoluteExpiresAt]
    const argv = [...facts, row, tombstone, groups.join(' '), ttl]
    return wins({ script: putScript, key: rowKey(record.key), argv })
  }

  function join(group: string, { key, absoluteExpiresAt }: SessionRecord): Promise<boolean> {
    const now = clock()
    const ttl = toTtlMs(absoluteExpiresAt - now + indexGrace)
    const argv = [key, absoluteExpiresAt, now - indexGrace, ttl]
    return wins({ script: joinScript, key: indexKey(group), argv })
  }

  function deleteOne(key: SessionKey, group: string): Promise<boolean> {
    const argv = [clock(), channel, key, group, grace * 1000]
    return wins({ script: deleteScript, key: rowKey(key), argv })
  }

  async function deleteMembers(group: string): Promise<number> {
    const index = indexKey(group)
    const members = (await connection.send(index, ['ZRANGE', index, '0', '-1'])) as SessionKey[]
    let deleted = 0
    let failure: PromiseRejectedResult | undefined
    for (let from = 0; from < members.length; from += batchSize) {
      const batch = members.slice(from, from + batchSize)
      const results = await Promise.allSettled(batch.map((key) => deleteOne(key, group)))
      deleted += results.filter((result) => result.status === 'fulfilled' && result.value).length
      failure ??= results.find((result) => result.status === 'rejected')
      // Nothing gets through: the rest would only take its time to fail.
      if (results.every(({ status }) => status === 'rejected')) break
    }
    if (failure) throw failure.reason
    return deleted
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
  const indexKey = (group: string) => `${prefix}group:${group}`

  return {
    get: (key) =>
      guarded(async () => {
        if (!isSessionKey(key)) return undefined
        const text = await connection.send(rowKey(key), ['HGET', rowKey(key), 'row'])
        return text === null ? undefined : liveRecord(parseRow(text as string, key), clock())
      }),

    async put(record) {
      assertSessionRecord(record)
      return guarded(() => putOne(record))
    },

    delete: (key) => guarded(async () => isSessionKey(key) && deleteOne(key, '')),
    deleteAll: (filter) => guarded(() => deleteMembers(toGroup(filter))),

    claim: (id, expiresAt) =>
      guarded(async () => {
        const now = clock()
        if (expiresAt <= now) return false
        const argv = [now, expiresAt, toTtlMs(expiresAt - now + grace)]
        return wins({ script: claimScript, key: `${prefix}claim:${sha256(id)}`, argv })
      }),

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

function toTtlMs(seconds: number): number {
  return Math.min(Math.max(seconds, grace) * 1000, longestTtlMs)
}
