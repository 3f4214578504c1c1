/** Time in a model: it passes when it is told to, and everything that is due on the way happens. */
export interface ModelTime {
  nowMs(): number
  sleep(ms: number): Promise<void>
  /** Whether nobody sleeps. */
  isIdle(): boolean
  /** @param settle lets everything happen that takes no time. */
  pass(ms: number, settle: () => Promise<void>): Promise<void>
}

export function createModelTime(startMs: number): ModelTime {
  let nowMs = startMs
  let sleepers: { readonly dueMs: number; wake(): void }[] = []

  return {
    nowMs: () => nowMs,

    sleep(ms) {
      if (ms <= 0) return Promise.resolve()
      return new Promise((wake) => sleepers.push({ dueMs: nowMs + ms, wake }))
    },

    isIdle: () => sleepers.length === 0,

    async pass(ms, settle) {
      const untilMs = nowMs + ms
      for (;;) {
        await settle()
        const nextMs = Math.min(untilMs, ...sleepers.map(({ dueMs }) => dueMs))
        nowMs = Math.max(nowMs, nextMs)
        const awake = sleepers.filter(({ dueMs }) => dueMs <= nowMs)
        sleepers = sleepers.filter(({ dueMs }) => dueMs > nowMs)
        for (const { wake } of awake) wake()
        await settle()
        if (awake.length === 0 && nowMs >= untilMs) return
      }
    },
  }
}
