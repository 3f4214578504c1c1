import { setTimeout as delay } from 'node:timers/promises'
import { type ChaosWorld, startChaosWorld } from './chaos-world.ts'
import { createFaultDealer } from './faults.ts'
import { createFindings, type Findings } from './findings.ts'
import { judgeLosses, type Losses } from './losses.ts'
import { createRandom, type Random } from './random.ts'
import type { SendingsVerdict } from './sendings.ts'
import type { SharedStore } from './store-server.ts'
import { createThief } from './thief.ts'
import { createUser, type User } from './user.ts'

export interface ChaosOptions {
  store: SharedStore
  /** For how long faults strike. Starting, and looking at what is left, comes on top. */
  seconds: number
  /** Ends it after so many faults, if that is sooner. */
  mostFaults?: number
  /** Chooses the faults. */
  seed: number
  /** @defaultValue 'stored' */
  mode?: 'stored' | 'sealed'
  /** @defaultValue 12 */
  users?: number
  /** Told of what happens, a line each. */
  say(line: string): void
  /** Ends everything early. */
  signal?: AbortSignal
}

/** What a run has shown. */
export interface ChaosReport {
  readonly faults: number
  readonly findings: Findings
  readonly losses: Losses
  readonly sendings: SendingsVerdict
  readonly mixedUp: readonly string[]
  /** What must not be, a sentence each. Empty when all is well. */
  readonly problems: readonly string[]
  /** Where the logs are, when there are problems. */
  readonly logs?: string
}

/** Seconds, after the last fault, until everybody must be able to work: leases and pauses end. */
const settleTime = 120
/** Milliseconds of peace before the first fault, between two, and between looks at what is cut off. */
const peace = { before: 1000, between: [200, 1200], look: 50 } as const

/** Lets users work while things break, and says what came of it. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { store, say, seed, mode = 'stored', signal } = options
  const random = createRandom(seed)
  const people = Array.from({ length: options.users ?? 12 }, (_, i) => ({
    username: `user-${i}`,
    password: `password-of-user-${i}`,
  }))
  const world = await startChaosWorld({ store, mode, users: people, random: random.fork() })
  let report: ChaosReport | undefined
  try {
    const findings = createFindings()
    const thief = createThief({ world, findings })
    const users = people.map((person) =>
      createUser({ ...person, world, findings, random: random.fork(), onSignedOut: thief.take }),
    )
    for (const user of users) await user.arrive()
    const faults = await strikeWhile(users, { world, random, ...options })
    signal?.throwIfAborted()
    say('no more faults: who is left?')
    const deadlineMs = performance.now() + settleTime * 1000
    await Promise.all([...users.map((user) => user.settle(deadlineMs)), thief.finish()])
    report = await judge(faults, findings, world)
    return report
  } finally {
    await world.close(!report || report.problems.length > 0)
  }
}

interface StrikeOptions extends ChaosOptions {
  world: ChaosWorld
  random: Random
}

/** @returns how many faults there were. */
async function strikeWhile(users: readonly User[], options: StrikeOptions): Promise<number> {
  const { world, random, seconds, mostFaults = Number.POSITIVE_INFINITY, say, signal } = options
  const nextFault = createFaultDealer(random, world.store.server !== undefined)
  const startedAtMs = performance.now()
  let faults = 0
  let isDone = false
  const isOver = () =>
    isDone || performance.now() - startedAtMs > seconds * 1000 || signal?.aborted === true
  const living = Promise.all(users.map((user) => user.live(isOver)))
  const striking = async () => {
    await delay(peace.before)
    while (!isOver() && faults < mostFaults) {
      const fault = nextFault()
      faults += 1
      // What a fault has cut off, others mend while the issuer's grace lasts, if nobody takes that too.
      while (world.sendings.isCutOff()) await delay(peace.look)
      say(`${((performance.now() - startedAtMs) / 1000).toFixed(1).padStart(5)} s  ${fault.name}`)
      await fault.strike(world)
      await delay(random.between(...peace.between))
    }
    isDone = true
  }
  await Promise.all([living, striking()])
  return faults
}

async function judge(faults: number, findings: Findings, world: ChaosWorld): Promise<ChaosReport> {
  const sendings = world.sendings.judge()
  const losses = judgeLosses(findings, world)
  const { mixedUp } = world.upstream
  const nothing = Object.entries({
    faults,
    calls: findings.answered,
    renewals: sendings.renewals,
  }).filter(([, count]) => count === 0)
  const problems = [
    ...losses.lost.map(({ what }) => what),
    ...sendings.repeats,
    ...findings.afterLogout,
    ...mixedUp,
    // A run that saw nothing has shown nothing.
    ...nothing.map(([name]) => `there were no ${name}`),
  ]
  const logs = problems.length > 0 ? { logs: world.folder } : {}
  return { faults, findings, losses, sendings, mixedUp, problems, ...logs }
}
