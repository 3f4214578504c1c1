export { type Audit, type AuditActor, type AuditEvent, createAudit } from './audit.ts'
export { withClientAddress } from './client-address.ts'
export type { Count, Counter, CounterLabels, Counters } from './counters.ts'
export { createLog, type DestinationStream, type Logger, type LogOptions } from './log.ts'
export {
  createTelemetry,
  keepContext,
  outsideOfRequests,
  type Telemetry,
  traceHeaders,
  traceId,
} from './telemetry.ts'
export {
  createUpstreamMetrics,
  type UpstreamMetrics,
  type UpstreamOutcome,
  type UpstreamReading,
} from './upstream-metrics.ts'
