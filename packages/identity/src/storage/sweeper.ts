import type { Clock } from '@sallyport/core'
import type { Logger } from '@sallyport/telemetry'
import type { Storage } from './environment.ts'

const intervalMs = 60_000

/** Sweeps expired entries every minute without keeping the process alive. @returns how to stop. */
export function startSweeper(storage: Storage, clock: Clock, log: Logger): () => Promise<void> {
  let running: Promise<void> = Promise.resolve()
  const sweep = async () => {
    try {
      await storage.sweep(clock())
    } catch (error) {
      log.error({ event: 'sweep_failed', error }, 'expired entries could not be removed')
    }
  }
  const timer = setInterval(() => {
    running = sweep()
  }, intervalMs)
  timer.unref()
  return () => {
    clearInterval(timer)
    return running
  }
}
