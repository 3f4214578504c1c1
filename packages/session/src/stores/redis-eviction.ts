import { SallyportError } from '@sallyport/core'
import type { RedisConnection } from './redis-connection.ts'

/**
 * Refuses a server that may throw keys away when memory is short: it would end sessions, and
 * forget which ones were ended and which of them belong to whom.
 *
 * @throws `ERR_SESSION_STORE_UNAVAILABLE`
 */
export async function assertKeepsKeys(connection: RedisConnection): Promise<void> {
  for (const answer of await readMemoryInfo(connection)) {
    const policy = /^maxmemory_policy:(\S+)/m.exec(answer)?.[1]
    if (policy === undefined) warn('does not tell its maxmemory-policy')
    else if (policy !== 'noeviction') {
      throw new SallyportError(
        'ERR_SESSION_STORE_UNAVAILABLE',
        `Redis may evict sessions: its maxmemory-policy is ${policy}. Set it to noeviction`,
      )
    }
  }
}

/** `INFO` and not `CONFIG`, which hosted servers forbid. */
async function readMemoryInfo(connection: RedisConnection): Promise<string[]> {
  try {
    return (await connection.sendToAll(['INFO', 'memory'])).map(String)
  } catch (error) {
    const cause = error instanceof SallyportError ? error.cause : undefined
    if (!(cause instanceof Error && cause.message.startsWith('NOPERM'))) throw error
    warn('does not let this user read its maxmemory-policy')
    return []
  }
}

function warn(problem: string): void {
  process.emitWarning(
    `Redis ${problem}: make sure that it is noeviction, or sessions may vanish and come back`,
  )
}
