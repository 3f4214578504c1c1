/** `npm run chaos`: two gateways, real servers, and everything that breaks. */
import { parseArgs } from 'node:util'
import { type ChaosReport, runChaos } from './run-chaos.ts'
import { type SharedStore, sharedStores } from './store-server.ts'

const usage = `npm run chaos -- --store ${sharedStores.join('|')} [--mode stored|sealed] [--seconds N] [--seed N]`

/** Seconds for starting, settling and ending, and for ending alone. */
const patience = { run: 400, stop: 15 }

const options = readOptions(process.argv.slice(2))
if (!options) {
  console.error(usage)
  process.exit(2)
}
const stopping = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop)
process.on('disconnect', stop)
process.channel?.unref()
endIn(options.seconds + patience.run)
if (options.store !== 'lmdb') await import('../../tools/servers.ts')
try {
  const say = (line: string) => console.log(line)
  say(`store ${options.store}, sessions ${options.mode}, seed ${options.seed}`)
  const report = await runChaos({ ...options, say, signal: stopping.signal })
  describe(report)
  process.exit(report.problems.length > 0 ? 1 : 0)
} catch (error) {
  console.error(stopping.signal.aborted ? 'Stopped.' : error)
  process.exit(stopping.signal.aborted ? 130 : 1)
}

/** Ends the run in an orderly way; what has been started ends with this process in any case. */
function stop(): void {
  stopping.abort()
  endIn(patience.stop)
}

function endIn(seconds: number): void {
  setTimeout(() => {
    console.error('This took too long.')
    process.exit(1)
  }, seconds * 1000).unref()
}

function describe({ faults, findings, losses, sendings, problems, logs }: ChaosReport): void {
  const { signIns, signOuts, longestStaleMs, failures } = findings
  for (const [what, count] of [...failures].sort()) console.log(`  ${count} × ${what}`)
  console.log(`  ${signIns} sign-ins, ${signOuts} sign-outs, ${sendings.renewals} renewals`)
  for (const [why, count] of Object.entries(sendings.excused)) {
    console.log(`  ${count} refresh tokens came again because ${why}`)
  }
  console.log()
  console.log(`  the longest that a gateway believed its cache: ${Math.round(longestStaleMs)} ms`)
  for (const problem of problems) console.log(`  PROBLEM: ${problem}`)
  if (logs) console.log(`  logs: ${logs}`)
  const counts = [
    `faults ${faults}`,
    `calls ${findings.calls}`,
    `sessions lost ${losses.lost.length}`,
    `refresh tokens sent twice ${sendings.repeats.length}`,
    `calls after logout ${findings.afterLogout.length}`,
  ]
  console.log(counts.join(', '))
}

interface CommandOptions {
  store: SharedStore
  mode: 'stored' | 'sealed'
  seconds: number
  seed: number
}

function readOptions(argv: string[]): CommandOptions | undefined {
  const text = { type: 'string' } as const
  try {
    const { values } = parseArgs({
      args: argv,
      options: { store: text, mode: text, seconds: text, seed: text },
    })
    const store = sharedStores.find((name) => name === values.store)
    const mode = (['stored', 'sealed'] as const).find((name) => name === (values.mode ?? 'stored'))
    const seconds = Number(values.seconds ?? 60)
    const seed = Number(values.seed ?? Date.now() % 2 ** 32)
    const isSound = seconds > 0 && seconds <= 3600 && Number.isSafeInteger(seed)
    return store && mode && isSound ? { store, mode, seconds, seed } : undefined
  } catch {
    return undefined
  }
}
