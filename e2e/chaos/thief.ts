import { setTimeout as delay } from 'node:timers/promises'
import { apiNames, callApi } from './calls.ts'
import type { ChaosWorld } from './chaos-world.ts'
import type { Findings } from './findings.ts'
import type { StolenSession } from './user.ts'

/** Who goes on using sessions that were signed out. */
export interface Thief {
  /** Begins to try one, at both gateways, for a while. */
  take(stolen: StolenSession): void
  /** Waits for the last try. */
  finish(): Promise<void>
}

/** Milliseconds between two tries. */
const pauses = [0, 20, 100, 400, 1500, 3500, 3000]

export function createThief(options: { world: ChaosWorld; findings: Findings }): Thief {
  const { world, findings } = options
  const underWay = new Set<Promise<void>>()

  async function tryOut({ username, subject, browser, endedAtMs }: StolenSession): Promise<void> {
    for (const pauseMs of pauses) {
      await delay(pauseMs)
      const startedAtMs = performance.now()
      const calls = world.gateways.map(({ port }) =>
        callApi(browser, { api: apiNames[0], subject, port }, options),
      )
      if (!(await Promise.all(calls)).includes('answered')) continue
      const afterMs = startedAtMs - endedAtMs
      findings.longestStaleMs = Math.max(findings.longestStaleMs, afterMs)
      if (afterMs < world.store.maxStale * 1000) continue
      findings.afterLogout.push(
        `a call went through that began ${Math.round(afterMs)} ms after ${username} had signed out`,
      )
    }
  }

  return {
    take(stolen) {
      const run = tryOut(stolen).finally(() => underWay.delete(run))
      underWay.add(run)
    },
    async finish() {
      await Promise.all(underWay)
    },
  }
}
