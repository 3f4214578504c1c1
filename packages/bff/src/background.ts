import type { Logger } from '@sallyport/telemetry'

/** Work that no answer waits for. */
export interface Background {
  /** Starts work, and logs `failure` if it fails. */
  run(work: Promise<unknown>, failure: string): void
  /** Does work after so many seconds, unless the BFF closes before: then it is not done. */
  later(seconds: number, work: () => Promise<void>): void
  /** Waits for what runs. */
  close(): Promise<void>
}

export function createBackground(log: Logger): Background {
  const running = new Set<Promise<unknown>>()
  const timers = new Set<NodeJS.Timeout>()
  let isClosed = false

  function run(work: Promise<unknown>, failure: string): void {
    const settled = work.catch((error) => log.warn({ error }, failure))
    running.add(settled)
    void settled.finally(() => running.delete(settled))
  }

  return {
    run,

    later(seconds, work) {
      if (isClosed) return
      const timer = setTimeout(() => {
        timers.delete(timer)
        run(work(), 'work in the background failed')
      }, seconds * 1000)
      timers.add(timer.unref())
    },

    async close() {
      isClosed = true
      for (const timer of timers) clearTimeout(timer)
      await Promise.allSettled(running)
    },
  }
}
