import { type Clock, sha256 } from '@sallyport/core'
import type { SessionKey, SessionRecord } from '../record.ts'
import type { SessionFilter } from '../session-filter.ts'
import type { RedisConnection } from './redis-connection.ts'
import { runScript, toScript } from './redis-scripts.ts'
import { toTtlMs } from './redis-ttl.ts'
import { indexesOf } from './session-groups.ts'

/** Where sessions are found: sorted sets of their keys, by the seconds of their absolute ends. */
export interface RedisIndex {
  /** Adds a session to each set that it has to be in. */
  join(record: SessionRecord): Promise<void>
  /**
   * The next keys under which sessions that match may lie. What lies there has to be looked at.
   *
   * @throws TypeError for an `after` that was no `next`.
   */
  list(
    filter: SessionFilter,
    page: { limit: number; after?: string | undefined },
  ): Promise<{ keys: SessionKey[]; next?: string }>
}

/** Seconds for which an index keeps a session that is over, whatever clocks say. */
const indexGrace = 3600

/** All sessions are in so many sets, which a cluster spreads over its servers. */
const shardCount = 16

/** Adds a session to a set, and forgets those that are long over. */
const joinScript = toScript(`
  local key, absolute, past, ttl = unpack(ARGV)
  redis.call('ZADD', KEYS[1], 'GT', absolute, key)
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', past)
  if redis.call('PTTL', KEYS[1]) < tonumber(ttl) then redis.call('PEXPIRE', KEYS[1], ttl) end
  return 1`)

/**
 * Some members after one that was given before, with their scores. If that one has gone, for being
 * long over, all before it have; and if it has moved, it comes again.
 */
const listScript = toScript(`
  local member, score, limit = unpack(ARGV)
  local first = 0
  if member ~= '' then
    local found = redis.call('ZSCORE', KEYS[1], member)
    if found and tonumber(found) == tonumber(score) then
      first = redis.call('ZRANK', KEYS[1], member) + 1
    else
      first = redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. score)
    end
  end
  return redis.call('ZRANGE', KEYS[1], first, first + limit - 1, 'WITHSCORES')`)

export function createRedisIndex(context: {
  readonly connection: RedisConnection
  readonly clock: Clock
  readonly prefix: string
}): RedisIndex {
  const { connection, clock, prefix } = context
  const toSet = (group: string) => `${prefix}group:${group}`
  const everySet = Array.from({ length: shardCount }, (_, shard) => toSet(`all-${shard}`))

  function setsOf(record: SessionRecord): string[] {
    const [byte = 0] = Buffer.from(sha256(record.key), 'base64url')
    const shard = byte % shardCount
    return [...indexesOf(record).map(toSet), everySet[shard] as string]
  }

  return {
    async join(record) {
      const now = clock()
      const { key, absoluteExpiresAt } = record
      const ttl = toTtlMs(absoluteExpiresAt - now + indexGrace)
      const argv = [key, absoluteExpiresAt, now - indexGrace, ttl]
      const joins = setsOf(record).map((set) =>
        runScript(connection, { script: joinScript, keys: [set], argv }),
      )
      await Promise.all(joins)
    },

    async list(filter, { limit, after }) {
      const [group] = indexesOf(filter)
      const sets = group === undefined ? everySet : [toSet(group)]
      let place = parsePlace(after)
      const keys: SessionKey[] = []
      for (;;) {
        const set = sets[place.set]
        if (set === undefined) return { keys }
        const wanted = limit - keys.length
        const argv = [place.member, place.score, wanted]
        const answer = await runScript(connection, { script: listScript, keys: [set], argv })
        const pairs = answer as string[]
        for (let at = 0; at < pairs.length; at += 2) keys.push(pairs[at] as SessionKey)
        if (pairs.length < 2 * wanted) place = { set: place.set + 1, score: '0', member: '' }
        else {
          const [member, score] = pairs.slice(-2) as [string, string]
          return { keys, next: `${place.set} ${score} ${member}` }
        }
      }
    },
  }
}

/** Where a page begins: after a member of one of the sets. */
function parsePlace(after = '0 0 '): { set: number; score: string; member: string } {
  const [, set, score, member] = /^(\d{1,3}) ([\d.e+]{1,32}) (.{0,256})$/s.exec(after) ?? []
  if (set === undefined || score === undefined || member === undefined) {
    throw new TypeError('after is no next of a page')
  }
  return { set: Number(set), score, member }
}
