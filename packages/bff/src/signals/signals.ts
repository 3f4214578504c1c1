import type { Telemetry } from '@sallyport/telemetry'
import { startPolling } from './poll-sets.ts'
import { createSetReceiver, type ReceiverParts, type SetReceiver } from './receive-set.ts'
import type { PushOptions, SignalsConfig } from './signals-options.ts'
import { createTransmitter } from './transmitter.ts'

/** The receiver of one transmitter's events. */
export interface Signals {
  readonly push?: PushOptions | undefined
  readonly receive: SetReceiver
  /** Stops asking; what is being carried out is carried out. */
  close(): Promise<void>
}

/** Creates the receiver, which asks the transmitter from now on if that is configured. */
export function createSignals(
  signals: SignalsConfig,
  parts: Omit<ReceiverParts, 'transmitter'> & { telemetry: Telemetry },
): Signals {
  const { telemetry, clock, config } = parts
  const calls = { telemetry, clock, timeout: config.issuerTimeout }
  const transmitter = createTransmitter(signals, calls)
  const receive = createSetReceiver(signals, { ...parts, transmitter })
  const { push, poll } = signals
  const stop = poll && startPolling(poll, { ...calls, receive })
  return { push, receive, close: async () => stop?.() }
}
