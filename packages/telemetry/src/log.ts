import { trace } from '@opentelemetry/api'
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino'
import { clientAddress } from './client-address.ts'
import { describeError } from './describe-error.ts'
import { redact } from './redact.ts'

export type { DestinationStream, Logger }

/** How a service writes its log. */
export interface LogOptions {
  /** Name of the service, in each line. */
  service: string
  /** @defaultValue 'info' */
  level?: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** @defaultValue standard output */
  destination?: DestinationStream
}

/**
 * Creates a log of JSON lines. Each line has `time` (ISO 8601), `level`, `service`, `message`
 * and, within a request, `trace_id`, `span_id`, `trace_flags` and, if it is known, `client_address`. Whatever looks like a token is
 * blanked in the finished line, as a last defence: the first is never to log one.
 *
 * @see {@link https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/ Trace context in logs}
 */
export function createLog(options: LogOptions): Logger {
  const { service, level = 'info', destination } = options
  const settings = {
    level,
    base: { service },
    messageKey: 'message',
    errorKey: 'error',
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: describeError },
    mixin: requestFields,
    hooks: { streamWrite: redact },
  }
  return destination ? pino(settings, destination) : pino(settings)
}

function requestFields(): Record<string, string> {
  const address = clientAddress()
  const client = address === undefined ? {} : { client_address: address }
  const span = trace.getActiveSpan()?.spanContext()
  if (!span) return client
  return {
    ...client,
    trace_id: span.traceId,
    span_id: span.spanId,
    trace_flags: span.traceFlags.toString(16).padStart(2, '0'),
  }
}
