import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { StreamDecision } from '@sallyport/bff'

/** Below the idle time-outs of proxies and mobile networks. */
const heartbeatMs = 15_000
const heartbeat = ': still here\n\n'

/**
 * Writes a stream as it comes, no faster than the client reads, and a comment when nothing else was
 * to be said for a while. A client that takes nothing between two comments is gone.
 */
export async function carryStream(
  decision: StreamDecision,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  response.writeHead(decision.status, [...decision.headers])
  response.flushHeaders()
  const timer = setInterval(() => {
    if (response.writableNeedDrain) response.destroy()
    else response.write(heartbeat)
  }, heartbeatMs)
  try {
    for await (const text of decision.open(gone.signal)) {
      timer.refresh()
      if (!response.write(text)) await once(response, 'drain', { signal: gone.signal })
    }
    response.end()
  } catch (error) {
    if (!gone.signal.aborted) throw error
  } finally {
    clearInterval(timer)
  }
}
