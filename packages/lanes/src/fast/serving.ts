import type { Logger } from '@sallyport/telemetry'
import type { PlainRequest } from './request-reader.ts'

/** One request while it is decided on and carried. */
export interface Serving {
  readonly request: PlainRequest
  /** The head and what came after it. */
  readonly bytes: Buffer
  readonly startedAtMs: number
  /** Runs work in the request's trace. */
  readonly inContext: <T>(work: () => T) => T
}

/** What became of a request. */
export interface Served {
  readonly route: string
  readonly status: number
  readonly outcome: 'sent' | 'aborted'
}

/** Writes the line of a request that is over, if anybody reads such lines. */
export function reportServed(log: Logger, serving: Serving, served: Served): void {
  if (!log.isLevelEnabled('info')) return
  const durationMs = Math.round(performance.now() - serving.startedAtMs)
  const { method } = serving.request
  serving.inContext(() => log.info({ method, ...served, durationMs, lane: 'fast' }, 'request'))
}

/** The value of a field that is there once; names in lower case. */
export function onlyValue(headers: readonly string[], name: string): string | undefined {
  let value: string | undefined
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== name) continue
    if (value !== undefined) return undefined
    value = headers[i + 1]
  }
  return value
}
