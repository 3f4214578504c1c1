import { SallyportError } from '@sallyport/core'
import { createRedisLink, type RedisLink, type RedisServer } from './redis-link.ts'
import { NoAnswerError, within } from './time-limit.ts'

/** The way to Redis: every call ends in time, and a connection that is lost comes back. */
export interface RedisConnection {
  /** Sends a command to the server that has `key`. */
  send(key: string, command: string[]): Promise<unknown>
  /** Sends a command to each server that may have a key. */
  sendToAll(command: string[]): Promise<unknown[]>
  close(): Promise<void>
}

/** How long the first connection may take. */
const startPatienceMs = 5000

/**
 * Connects. Every failure from then on is `ERR_SESSION_STORE_UNAVAILABLE`, after `timeoutMs` at
 * the latest. A command that failed may have been carried out all the same.
 */
export async function openRedisConnection(
  server: RedisServer,
  timeoutMs: number,
): Promise<RedisConnection> {
  let latestProblem: unknown
  let closed = false
  let replacing = false
  let refuse: (error: unknown) => void = () => {}
  const refused = new Promise<never>((_, reject) => {
    refuse = reject
  })
  let link = createLink()
  try {
    const connected = Promise.race([link.connect(), refused])
    await within(Math.max(startPatienceMs, timeoutMs), connected)
  } catch (error) {
    link.destroy()
    throw failure(error)
  }

  function createLink(): RedisLink {
    return createRedisLink(server, {
      timeoutMs,
      onError: (error) => {
        latestProblem = error
        if (isFinal(server, error)) refuse(error)
      },
    })
  }

  async function attempt<T>(command: (link: RedisLink) => Promise<T>): Promise<T> {
    const used = link
    try {
      const answer = await within(timeoutMs, command(used))
      latestProblem = undefined
      return answer
    } catch (error) {
      if (error instanceof NoAnswerError && used === link) void replaceLink()
      throw failure(error)
    }
  }

  /**
   * A server that vanished without a word (a host that died, a failover behind one address) would
   * leave the old connection silent for many minutes. A new one is made beside it, and what the
   * old one still carries may finish.
   */
  async function replaceLink(): Promise<void> {
    if (replacing || closed) return
    replacing = true
    const next = createLink()
    try {
      await within(2 * timeoutMs, next.connect())
      retire(closed ? next : link)
      if (!closed) link = next
    } catch {
      next.destroy()
    } finally {
      replacing = false
    }
  }

  function retire(old: RedisLink): void {
    within(timeoutMs, old.close()).catch(() => old.destroy())
  }

  function failure(error: unknown): SallyportError {
    const cause = error instanceof NoAnswerError ? (latestProblem ?? error) : error
    const reason = error instanceof Error ? error.message : String(error)
    const known = cause !== error && cause instanceof Error ? ` (${cause.message})` : ''
    return new SallyportError(
      'ERR_SESSION_STORE_UNAVAILABLE',
      `the session store in Redis failed: ${reason}${known}`,
      { cause },
    )
  }

  return {
    send: (key, command) => attempt((used) => used.send(key, command)),
    sendToAll: (command) => attempt((used) => used.sendToAll(command)),

    async close() {
      if (closed) return
      closed = true
      try {
        await within(timeoutMs, link.close())
      } catch {
        link.destroy()
      }
    },
  }
}

/** At the start. One of several servers may well be away; a wrong password is wrong everywhere. */
function isFinal(server: RedisServer, error: unknown): boolean {
  if ('url' in server || 'client' in server) return true
  return error instanceof Error && /^(WRONGPASS|NOAUTH|NOPERM)\b|certificate/.test(error.message)
}
