import { createHash } from 'node:crypto'
import { SallyportError } from '@sallyport/core'
import type { RedisConnection } from './redis-connection.ts'

/** A program that a Redis server carries out as one step. All its keys are in one slot, as a cluster needs. */
export interface RedisScript {
  readonly text: string
  readonly sha1: string
}

/**
 * Writes a session over what `put` may overwrite.
 *
 * A row is a hash: `row` (the text every store keeps), what the scripts must know of it (`version`,
 * `end`, `absolute`, `groups`), and `tombstone`, the row to put in its place when it is deleted.
 *
 * The write is published in the same step. A user who may not publish can still write: then no
 * feed of changes ever comes alive.
 */
export const putScript = toScript(`
  local now, channel, key, version, ending, absolute, row, tombstone, groups, ttl = unpack(ARGV)
  local found = redis.call('HMGET', KEYS[1], 'version', 'end')
  local expected = 0
  if found[1] and tonumber(now) < tonumber(found[2]) then expected = tonumber(found[1]) end
  if tonumber(version) ~= expected + 1 then return 0 end
  redis.call('HSET', KEYS[1], 'version', version, 'end', ending, 'absolute', absolute,
    'row', row, 'tombstone', tombstone, 'groups', groups)
  redis.call('PEXPIRE', KEYS[1], ttl)
  redis.pcall('PUBLISH', channel, version .. ' ' .. key)
  return 1`)

/** Puts the tombstone in place of a live session, if it is in each of the groups. */
export const deleteScript = toScript(`
  local now, channel, key, groups, grace = unpack(ARGV)
  local found = redis.call('HMGET', KEYS[1], 'version', 'end', 'absolute', 'tombstone', 'groups')
  if not found[1] or found[1] == '-1' or tonumber(now) >= tonumber(found[2]) then return 0 end
  for group in string.gmatch(groups, '%S+') do
    if not string.find(found[5], group, 1, true) then return 0 end
  end
  -- Removes first: a server that is out of memory then lets the script go on.
  redis.call('HDEL', KEYS[1], 'row', 'tombstone', 'groups')
  redis.call('HSET', KEYS[1], 'version', -1, 'end', found[3], 'row', found[4])
  local ttl = (tonumber(found[3]) - tonumber(now)) * 1000 + tonumber(grace)
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.min(ttl, 1e14)))
  redis.pcall('PUBLISH', channel, '-1 ' .. key)
  return 1`)

/** Remembers an id once, until it ends. */
export const claimScript = toScript(`
  local now, ending, ttl = unpack(ARGV)
  local earlier = redis.call('GET', KEYS[1])
  if earlier and tonumber(now) < tonumber(earlier) then return 0 end
  redis.call('SET', KEYS[1], ending, 'PX', ttl)
  return 1`)

/** Runs a script by its hash, and by its text where the server does not know it (any more). */
export async function runScript(
  connection: RedisConnection,
  call: {
    script: RedisScript
    keys: readonly [string, ...string[]]
    argv: ReadonlyArray<string | number>
  },
): Promise<unknown> {
  const { script, keys } = call
  const [key] = keys
  const rest = [`${keys.length}`, ...keys, ...call.argv.map(String)]
  try {
    return await connection.send(key, ['EVALSHA', script.sha1, ...rest])
  } catch (error) {
    if (!isUnknownScript(error)) throw error
    return connection.send(key, ['EVAL', script.text, ...rest])
  }
}

function isUnknownScript(error: unknown): boolean {
  const cause = error instanceof SallyportError ? error.cause : undefined
  return cause instanceof Error && cause.message.startsWith('NOSCRIPT')
}

export function toScript(text: string): RedisScript {
  return { text, sha1: createHash('sha1').update(text).digest('hex') }
}
