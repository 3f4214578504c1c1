/** How long a loaded value serves, in seconds. */
export interface FreshnessLimits {
  /** Younger than this it is used without asking again. */
  freshFor: number
  /** When it cannot be loaded anew, the old one serves until this age. */
  usableFor: number
  /** Between two attempts to load, when the last one succeeded. */
  pause: number
  /** Between two attempts to load, when the last one failed. */
  pauseAfterFailure: number
}

/** A value that lives elsewhere. All callers share one attempt to load it. */
export interface Fresh<T> {
  /** The value; rejects with the loader's error when there is none that may be used. */
  get(): Promise<T>
  /**
   * The value, loaded anew unless that was just done. Rejects when the last attempt failed, even
   * while {@link Fresh.get} would still give the old value.
   */
  renew(): Promise<T>
}

/** Keeps a remote value: loads it when needed, never more often than the limits say. */
export function keepFresh<T>(
  load: () => Promise<T>,
  limits: FreshnessLimits,
  uptime: () => number,
): Fresh<T> {
  let held: { value: T; loadedAt: number } | undefined
  let failure: { error: unknown } | undefined
  let attemptedAt = Number.NEGATIVE_INFINITY
  let running: Promise<void> | undefined

  async function attempt(): Promise<void> {
    try {
      const value = await load()
      held = { value, loadedAt: uptime() }
      failure = undefined
    } catch (error) {
      failure = { error }
    }
  }

  function loadUnlessJustTried(): Promise<void> {
    if (running !== undefined) return running
    const pause = failure ? limits.pauseAfterFailure : limits.pause
    if (uptime() - attemptedAt < pause) return Promise.resolve()
    attemptedAt = uptime()
    running = attempt().finally(() => {
      running = undefined
    })
    return running
  }

  const age = () => (held ? uptime() - held.loadedAt : Number.POSITIVE_INFINITY)

  return {
    async get() {
      if (age() >= limits.freshFor) await loadUnlessJustTried()
      if (held && age() < limits.usableFor) return held.value
      throw failure?.error
    },

    async renew() {
      await loadUnlessJustTried()
      if (failure) throw failure.error
      return (held as { value: T }).value
    },
  }
}
