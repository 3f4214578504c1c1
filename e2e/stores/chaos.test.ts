import { describe, expect, test } from 'vitest'
import { kindsOfFaults } from '../chaos/faults.ts'
import { runChaos } from '../chaos/run-chaos.ts'
import { sharedStores } from '../chaos/store-server.ts'

/** A round of faults takes some 20 seconds; a busy machine starts processes slowly. */
const short = { seconds: 120, mostFaults: kindsOfFaults, users: 6 }
const limitMs = 420_000

describe('two gateways while everything breaks once', () => {
  test.each(sharedStores)(
    'lose no session, send no refresh token twice, let nobody in after a sign-out: %s',
    async (store) => {
      const lines: string[] = []
      const say = (line: string) => void lines.push(line)
      const report = await runChaos({ ...short, store, seed: 2026, say })
      expect(report.problems, lines.join('\n')).toEqual([])
    },
    limitMs,
  )
})
