import fc from 'fast-check'
import { oddRequests, sameReading } from '../../packages/lanes/src/fast/compare-readers.fixture.ts'

/** Runs after which the time is looked at, and something is said. */
const atOnce = 20_000

/**
 * Looks for a request that the fast lane takes and node's parser reads in another way, for as long
 * as it is told to. A part of it is in each test run.
 *
 * @throws Error with the request, and the seed that finds it again.
 */
export async function compareHeads(minutes: number): Promise<void> {
  const endAtMs = performance.now() + minutes * 60_000
  let taken = 0
  for (let runs = 0; performance.now() < endAtMs; ) {
    for (const [, bytes] of oddRequests) {
      const property = sameReading(bytes, () => {
        taken += 1
      })
      await fc.assert(property, { numRuns: atOnce })
      runs += atOnce
    }
    process.stdout.write(`${runs} requests, ${taken} taken by the fast lane: all read alike\n`)
  }
}
