import type { SessionEndReason, SessionEvent } from '@sallyport/core/contract'
import type { Client } from '../client.ts'
import { eventsPath } from '../wire.ts'
import type { EventsPage } from './page.ts'
import { type EventBlock, readEventBlocks } from './server-sent-events.ts'

export interface FollowStreamOptions {
  client: Pick<Client, 'basePath' | 'fetch'>
  page: Pick<EventsPage, 'crypto'>
  onEvent(event: SessionEvent): void
  /** Ends it. */
  signal: AbortSignal
}

/** The BFF says something every 15 seconds: three times nothing, and nobody is there. */
const silenceMs = 45_000
/** A stream that held this long was a good one; one that did not counts as a failure. */
const steadyMs = 30_000
/** However long the BFF says. */
const mostWaitMs = 600_000
const backOffMs = { least: 1000, most: 60_000 }

/**
 * Holds `GET /bff/events` open and comes back whenever it ends: when the BFF says, or with a growing
 * random back-off. Returns when it is told to end.
 */
export async function followStream({
  client,
  page,
  onEvent,
  signal,
}: FollowStreamOptions): Promise<void> {
  let failures = 0
  while (!signal.aborted) {
    const openedAtMs = Date.now()
    let waitMs = 0
    try {
      for await (const block of openStream(client, signal)) {
        if (signal.aborted) return
        waitMs = block.retryMs ?? waitMs
        const event = toSessionEvent(block)
        if (event) onEvent(event)
      }
    } catch (error) {
      waitMs ||= retryAfterMs(error)
    }
    if (signal.aborted) return
    failures = waitMs > 0 || Date.now() - openedAtMs >= steadyMs ? 0 : failures + 1
    const backOff = Math.min(backOffMs.least * 2 ** failures, backOffMs.most)
    const delayMs = Math.max(waitMs, backOff * randomFactor(page.crypto))
    await pause(Math.min(delayMs, mostWaitMs), signal)
  }
}

async function* openStream(
  { basePath, fetch }: FollowStreamOptions['client'],
  signal: AbortSignal,
): AsyncGenerator<EventBlock> {
  const connection = new AbortController()
  const leave = () => connection.abort()
  signal.addEventListener('abort', leave, { signal: connection.signal })
  let timer = setTimeout(leave, silenceMs)
  try {
    const response = await fetch(basePath + eventsPath, { signal: connection.signal })
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream')
    if (!response.ok || !response.body || !isStream) {
      throw new Error(`status ${response.status}`, { cause: response })
    }
    for await (const block of readEventBlocks(response.body)) {
      clearTimeout(timer)
      timer = setTimeout(leave, silenceMs)
      yield block
    }
  } finally {
    clearTimeout(timer)
    leave()
  }
}

/** What came is only as good as its shape; what is not known yet is left out. */
function toSessionEvent({ type, data }: EventBlock): SessionEvent | undefined {
  const { expiresIn, claimsChanged, reason } = parseMembers(data)
  if (type === 'ended' && typeof reason === 'string') {
    return { type, reason: reason as SessionEndReason }
  }
  if (typeof expiresIn !== 'number') return undefined
  if (type === 'expiring') return { type, expiresIn }
  if (type === 'refreshed') return { type, expiresIn, claimsChanged: claimsChanged === true }
  return undefined
}

function parseMembers(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}

/** @see {@link https://www.rfc-editor.org/rfc/rfc9110.html#section-10.2.3 RFC 9110, section 10.2.3} */
function retryAfterMs(error: unknown): number {
  const { cause } = error as { cause?: unknown }
  if (!(cause instanceof Response)) return 0
  const seconds = Number(cause.headers.get('retry-after') ?? 0)
  return seconds > 0 ? seconds * 1000 : 0
}

/** Between a half and one and a half: who was cut off together does not come back together. */
function randomFactor(crypto: EventsPage['crypto']): number {
  const [value = 0] = crypto.getRandomValues(new Uint8Array(1))
  return 0.5 + value / 256
}

function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, delayMs)
    signal.addEventListener('abort', done)
    function done() {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}
