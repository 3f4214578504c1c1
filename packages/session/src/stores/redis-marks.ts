import { type Clock, sha256 } from '@sallyport/core'
import { encodeMark, liveMark, type Mark, parseMark } from '../mark.ts'
import { changesChannel } from './redis-changes.ts'
import type { RedisConnection } from './redis-connection.ts'
import { runScript, toScript } from './redis-scripts.ts'
import { grace, toTtlMs } from './redis-ttl.ts'
import { unreadable } from './stored-row.ts'

/** The marks of a store. */
export interface RedisMarks {
  write(id: string, mark: Mark): Promise<void>
  read(ids: readonly string[]): Promise<Array<Mark | undefined>>
}

/** Writes a mark over one that is earlier, or over, and publishes it in the same step. */
const markScript = toScript(`
  local now, channel, id, at, ending, text, ttl = unpack(ARGV)
  local found = redis.call('HMGET', KEYS[1], 'at', 'end')
  local isLive = found[1] and tonumber(now) < tonumber(found[2])
  if isLive and tonumber(at) < tonumber(found[1]) then return 0 end
  redis.call('HSET', KEYS[1], 'at', at, 'end', ending, 'text', text)
  redis.call('PEXPIRE', KEYS[1], ttl)
  redis.pcall('PUBLISH', channel, 'mark ' .. id)
  return 1`)

export function createRedisMarks(context: {
  readonly connection: RedisConnection
  readonly clock: Clock
  readonly prefix: string
}): RedisMarks {
  const { connection, clock, prefix } = context
  const toKey = (id: string) => `${prefix}mark:${sha256(id)}`

  async function readOne(id: string): Promise<Mark | undefined> {
    const text = await connection.send(toKey(id), ['HGET', toKey(id), 'text'])
    if (text === null) return undefined
    const mark = parseMark(String(text))
    if (!mark) throw unreadable('mark', 'malformed')
    return liveMark(mark, clock())
  }

  return {
    async write(id, mark) {
      const now = clock()
      const { at, expiresAt } = mark
      if (expiresAt <= now) return
      const ttl = toTtlMs(expiresAt - now + grace)
      const argv = [now, changesChannel(prefix), sha256(id), at, expiresAt, encodeMark(mark), ttl]
      await runScript(connection, { script: markScript, keys: [toKey(id)], argv })
    },

    read: (ids) => Promise.all(ids.map(readOne)),
  }
}
