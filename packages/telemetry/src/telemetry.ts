import {
  type Context,
  context,
  ROOT_CONTEXT,
  type SpanContext,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { parseTraceParent } from '@opentelemetry/core'
import { type Counters, createCounters } from './counters.ts'
import { createLog, type Logger, type LogOptions } from './log.ts'
import { createSpanId, createTraceId } from './trace-ids.ts'

/** The trace of one service: its log, its counters, and the spans around what it does. */
export interface Telemetry extends Counters {
  readonly log: Logger

  /**
   * Runs `work` in a server span that continues the caller's trace, or starts one when
   * `traceparent` (as node gives it) is absent, repeated or malformed. `tracestate` is never taken
   * over: callers are strangers.
   *
   * @param name method and route pattern, never the path itself.
   */
  serve<T>(traceparent: string | string[] | undefined, name: string, work: () => T): T

  /** Runs `work` in a client span, child of the active one. */
  call<T>(name: string, work: () => Promise<T>): Promise<T>

  /** Writes out what the log has not written yet. */
  close(): Promise<void>
}

/**
 * Creates the telemetry of a service. Takes the OpenTelemetry context manager that is registered,
 * and registers one when there is none, so it works with and without an application's own SDK.
 *
 * Nobody exports the spans, so a span is no more than its ids: they tie log lines together, and
 * services to one another.
 */
export function createTelemetry(options: LogOptions): Telemetry {
  registerContextManager()
  const log = createLog(options)

  return {
    ...createCounters(),
    log,

    serve(traceparent, _name, work) {
      const parent = typeof traceparent === 'string' ? parseTraceParent(traceparent) : null
      return inSpan(parent ?? trace.getSpanContext(context.active()), work)
    },

    call: (_name, work) => inSpan(trace.getSpanContext(context.active()), work),

    close: async () => log.flush(),
  }
}

/** The `traceparent` header of the active span; empty outside of one. */
export function traceHeaders(): Record<string, string> {
  const span = trace.getSpanContext(context.active())
  if (!span) return {}
  const flags = span.traceFlags === TraceFlags.SAMPLED ? '01' : '00'
  return { traceparent: `00-${span.traceId}-${span.spanId}-${flags}` }
}

/** The active span's trace id, for an error page or answer that a person may quote. */
export function traceId(): string | undefined {
  return trace.getActiveSpan()?.spanContext().traceId
}

/**
 * Keeps the trace and the client of now, for what a request causes elsewhere: the events of a
 * connection belong to whatever request opened it.
 *
 * @returns runs work as if it were now.
 */
export function keepContext(): <T>(work: () => T) => T {
  const kept = context.active()
  return (work) => context.with(kept, work)
}

/** Runs work that belongs to no request, whichever one causes it. */
export function outsideOfRequests<T>(work: () => T): T {
  return context.with(ROOT_CONTEXT, work)
}

/** As its parent, a span is sampled or not; one without a parent is. */
function inSpan<T>(parent: SpanContext | undefined, work: () => T): T {
  const span = {
    traceId: parent?.traceId ?? createTraceId(),
    spanId: createSpanId(),
    traceFlags: parent ? parent.traceFlags & TraceFlags.SAMPLED : TraceFlags.SAMPLED,
  }
  const active: Context = trace.setSpanContext(context.active(), span)
  return context.with(active, work)
}

function registerContextManager(): void {
  if (hasContextManager()) return
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
}

function hasContextManager(): boolean {
  const probe = Symbol('probe')
  return context.with(context.active().setValue(probe, true), () =>
    Boolean(context.active().getValue(probe)),
  )
}
