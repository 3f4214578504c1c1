import { type Clock, sha256 } from '@sallyport/core'
import { encodeTask, type StoredTask, type TaskTake } from '../task.ts'
import type { RedisConnection } from './redis-connection.ts'
import { runScript, toScript } from './redis-scripts.ts'
import { grace, toTtlMs } from './redis-ttl.ts'
import { toTasks } from './stored-tasks.ts'

/** The tasks of a store. */
export interface RedisTasks {
  put(task: StoredTask): Promise<void>
  take(take: TaskTake): Promise<StoredTask[]>
  remove(id: string): Promise<void>
}

/** What a script needs to drop a task; and, since nothing else does, all that have expired. */
const dropping = `
  local function drop(id)
    redis.call('HDEL', KEYS[1], id)
    redis.call('ZREM', KEYS[2], id)
    redis.call('ZREM', KEYS[3], id)
  end
  local function dropExpired(now)
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now)) do drop(id) end
  end`

const putScript = toScript(`${dropping}
  local now, id, task, due, ending, ttl = unpack(ARGV)
  dropExpired(now)
  redis.call('HSET', KEYS[1], id, task)
  redis.call('ZADD', KEYS[2], due, id)
  redis.call('ZADD', KEYS[3], ending, id)
  for _, key in ipairs(KEYS) do
    if redis.call('PTTL', key) < tonumber(ttl) then redis.call('PEXPIRE', key, ttl) end
  end
  return 1`)

const takeScript = toScript(`${dropping}
  local now, limit, leased = unpack(ARGV)
  dropExpired(now)
  local tasks = {}
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, limit)) do
    redis.call('ZADD', KEYS[2], leased, id)
    table.insert(tasks, redis.call('HGET', KEYS[1], id))
  end
  return tasks`)

const removeScript = toScript(`${dropping}
  drop(ARGV[1])
  return 1`)

/** Tasks in Redis, all in one slot of a cluster: a step that takes some touches their order too. */
export function createRedisTasks(context: {
  readonly connection: RedisConnection
  readonly clock: Clock
  readonly prefix: string
}): RedisTasks {
  const { connection, clock, prefix } = context
  const toKey = (name: string) => `${prefix}{tasks}:${name}`
  // The tasks by the hashes of their ids, and these by when they are due, and when they expire.
  const keys = [toKey('by-id'), toKey('due'), toKey('end')] as const

  return {
    async put(task) {
      const { id, dueAt, expiresAt } = task
      const now = clock()
      const argv = [now, sha256(id), encodeTask(task), dueAt, expiresAt]
      const ttl = toTtlMs(expiresAt - now + grace)
      await runScript(connection, { script: putScript, keys, argv: [...argv, ttl] })
    },

    async take({ limit, leaseTime }) {
      const now = clock()
      const dueAt = now + leaseTime
      const argv = [now, limit, dueAt]
      const texts = await runScript(connection, { script: takeScript, keys, argv })
      return toTasks(texts as string[], dueAt)
    },

    async remove(id) {
      await runScript(connection, { script: removeScript, keys, argv: [sha256(id)] })
    },
  }
}
