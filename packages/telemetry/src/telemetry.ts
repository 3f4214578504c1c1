import { context, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import { createLog, type Logger, type LogOptions } from './log.ts'

/** The trace of one service: its log, and the spans around what it does. */
export interface Telemetry {
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

  /** Ends spans and flushes. */
  close(): Promise<void>
}

const propagator = new W3CTraceContextPropagator()

/**
 * Creates the telemetry of a service. Takes the OpenTelemetry context manager that is registered,
 * and registers one when there is none, so it works with and without an application's own SDK.
 */
export function createTelemetry(options: LogOptions): Telemetry {
  registerContextManager()
  const provider = new BasicTracerProvider()
  const tracer = provider.getTracer('sallyport')

  return {
    log: createLog(options),

    serve(traceparent, name, work) {
      const parent = propagator.extract(context.active(), { traceparent }, carrier)
      return inSpan(tracer, { name, kind: SpanKind.SERVER, parent }, work)
    },

    call(name, work) {
      const parent = context.active()
      return inSpan(tracer, { name, kind: SpanKind.CLIENT, parent }, work)
    },

    close: () => provider.shutdown(),
  }
}

/** The `traceparent` header of the active span; empty outside of one. */
export function traceHeaders(): Record<string, string> {
  const headers: Record<string, string> = {}
  propagator.inject(context.active(), headers, {
    set: (into, name, value) => {
      if (name === 'traceparent') into[name] = value
    },
  })
  return headers
}

/** The active span's trace id, for an error page or answer that a person may quote. */
export function traceId(): string | undefined {
  return trace.getActiveSpan()?.spanContext().traceId
}

const carrier = {
  get: (headers: { traceparent: string | string[] | undefined }, name: string) =>
    name === 'traceparent' && typeof headers.traceparent === 'string'
      ? headers.traceparent
      : undefined,
  keys: () => ['traceparent'],
}

interface SpanOptions {
  name: string
  kind: SpanKind
  parent: ReturnType<typeof context.active>
}

function inSpan<T>(tracer: Tracer, options: SpanOptions, work: () => T): T {
  const { name, kind, parent } = options
  const span = tracer.startSpan(name, { kind }, parent)
  const end = () => span.end()
  const fail = (error: unknown): never => {
    span.setStatus({ code: SpanStatusCode.ERROR })
    span.end()
    throw error
  }
  return context.with(trace.setSpan(parent, span), () => {
    try {
      const result = work()
      if (!(result instanceof Promise)) {
        end()
        return result
      }
      return result.then((value) => {
        end()
        return value
      }, fail) as T
    } catch (error) {
      return fail(error)
    }
  })
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
