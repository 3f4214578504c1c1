const longestPause = 86_400

/** @throws TypeError for a pause that Node's timers would not keep. */
export function assertSweepPause(seconds: number): void {
  if (!(seconds > 0 && seconds <= longestPause)) {
    throw new TypeError(`sweepEverySeconds must be more than 0 and at most ${longestPause}`)
  }
}

/**
 * Calls `sweep` again and again without keeping the process alive. A failure becomes a process
 * warning: nobody waits for a sweep, and the next call that does need the store reports its own.
 *
 * @returns the function that stops it.
 */
export function startSweeping(sweep: () => unknown, everySeconds: number): () => void {
  const timer = setInterval(async () => {
    try {
      await sweep()
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error))
    }
  }, everySeconds * 1000)
  timer.unref()
  return () => clearInterval(timer)
}
