export { withClientAddress } from './client-address.ts'
export { createLog, type DestinationStream, type Logger, type LogOptions } from './log.ts'
export { createTelemetry, type Telemetry, traceHeaders, traceId } from './telemetry.ts'
