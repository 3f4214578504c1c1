import { receiveVisitors } from '../../e2e/world/visitors.ts'
import { describeMachine, toTable, writeSection } from '../report.ts'

const visitors = { anonymous: 1_000_000, abandoned: 100_000 }
/** Bytes: less than one for each of them. */
const most = 1_000_000

/**
 * Lets a million anonymous requests and a hundred thousand abandoned sign-ins come, and writes down
 * what they leave.
 *
 * @throws Error when that is not nothing.
 */
export async function benchMemory(): Promise<void> {
  const startedAtMs = performance.now()
  const { grownBy, writes } = await receiveVisitors(visitors)
  const took = Math.round((performance.now() - startedAtMs) / 1000)
  const kibibytes = Math.round(grownBy / 1024)
  const table = toTable([
    ['Anonymous requests', 'Abandoned sign-ins', 'Growth of the heap', 'Writes to the store'],
    [
      ...[visitors.anonymous.toLocaleString('en'), visitors.abandoned.toLocaleString('en')],
      ...[`${kibibytes} KiB`, writes],
    ],
  ])
  process.stdout.write(`${table.join('\n')}\n${took} s\n`)
  if (writes > 0 || grownBy > most) throw new Error('visitors left something behind')
  writeSection('memory', [`Measured on ${describeMachine()}, in ${took} s.`, '', ...table])
}
