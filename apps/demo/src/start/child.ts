import { createLog } from '@sallyport/telemetry'
import type { ServiceName, ServiceSettings } from '../settings.ts'

/** What the starter sends to a service, once, as its first IPC message. */
export interface StartMessage {
  readonly service: ServiceName
  readonly settings: ServiceSettings
}

/** What a service sends back once it listens. */
export interface ReadyMessage {
  readonly ready: true
}

/** A service that listens. */
export interface RunningService {
  /** Stops accepting, lets requests under way finish, closes what it opened. */
  close(): Promise<void> | void
}

/** Requests under way get this long before the process ends anyway. */
const drainMs = 5000

/**
 * The frame of a service process: an entry file calls it and exports nothing.
 *
 * Waits for the settings, starts, says that it is ready. Closes and exits with 0 on SIGTERM,
 * SIGINT and when the starter is gone, however it went. An error nobody caught is logged and
 * ends the process with 1: its state is unknown.
 */
export function runService(start: (settings: ServiceSettings) => Promise<RunningService>): void {
  if (!process.send) {
    process.stderr.write('This file is one service of the demo: start them all with "npm start".\n')
    process.exit(1)
  }
  let running: Promise<RunningService> | undefined
  let name: string = 'demo'
  let closing = false

  process.once('message', (message: StartMessage) => {
    name = message.service
    running = start(message.settings)
    running.then(() => tellReady(), die)
  })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, close)
  process.once('disconnect', close)
  process.once('uncaughtException', die)
  process.once('unhandledRejection', die)

  function close(): void {
    if (closing) return
    closing = true
    // The deadline must not keep a process alive that has nothing left to do.
    setTimeout(() => process.exit(1), drainMs).unref()
    Promise.resolve(running)
      .then((service) => service?.close())
      .then(() => process.exit(0), die)
  }

  function die(error: unknown): void {
    createLog({ service: name }).fatal({ error }, 'the service ends: an error nobody caught')
    process.exit(1)
  }
}

function tellReady(): void {
  const message: ReadyMessage = { ready: true }
  if (process.connected) process.send?.(message)
}
