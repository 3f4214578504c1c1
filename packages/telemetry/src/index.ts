export { describeError, type ErrorDescription } from './describe-error.ts'
export { createLog, type DestinationStream, type Logger, type LogOptions } from './log.ts'
export { redact } from './redact.ts'
export { createTelemetry, type Telemetry, traceHeaders, traceId } from './telemetry.ts'
