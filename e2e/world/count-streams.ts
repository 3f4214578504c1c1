import type { BrowserContext } from 'playwright-core'
import type { DemoWorld, LogLine } from './demo-world.ts'

/** The event streams of one visitor's tabs, by what the server knows of them. */
export interface StreamCount {
  /** How many were ever given. */
  readonly given: number
  /** How many of those the server still holds. */
  held(): Promise<number>
}

/** Begins to count. A stream is over when the server has logged that its answer is. */
export function countStreams(context: BrowserContext, { logOf }: DemoWorld): StreamCount {
  const beganAtMs = Date.now()
  const traceIds = new Set<string>()
  context.on('response', (response) => {
    if (response.status() !== 200 || !response.url().endsWith('/bff/events')) return
    traceIds.add(response.request().headers().traceparent?.slice(3, 35) ?? '')
  })
  return {
    get given() {
      return traceIds.size
    },
    async held() {
      const lines = await logOf('bff')
      return traceIds.size - lines.filter(isEndOfStream).length
    },
  }

  /** An answer that the browser broke off is logged outside of its trace: its time tells. */
  function isEndOfStream(line: LogLine): boolean {
    if (line.trace_id !== undefined) return traceIds.has(String(line.trace_id))
    const startedAtMs = Date.parse(String(line.time)) - Number(line.durationMs)
    return line.outcome === 'aborted' && line.status === 200 && startedAtMs >= beganAtMs
  }
}
