import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomToken } from '@sallyport/core'
import { findFreePort } from '../../packages/session/src/testing/spawn-server.fixture.ts'
import { findProgram } from '../../tools/debian/find-program.ts'
import { installPackages } from '../../tools/debian/install-packages.ts'
import { describeMachine, toTable, writeSection } from '../report.ts'
import { fillSessions } from './fill-sessions.ts'
import { writeProxy, writeUpstream } from './nginx.ts'
import type { ProxyPlan } from './proxy-options.ts'
import { type Pinned, runPinned, startPinned } from './run-pinned.ts'

/** How much is measured. */
export interface ProxyBenchOptions {
  readonly sessions: number
  readonly rounds: number
  /** Where V8 writes profiles of the gateways; absent: nothing is profiled, and results are written down. */
  readonly profile?: string | undefined
}

/** The proxies that are compared; the first is what the others are compared with. */
const variants = ['nginx', 'fast', 'node'] as const
type Variant = (typeof variants)[number]

interface Measured {
  readonly requests: number
  readonly requestsPerSecond: number
  readonly cpuMicros: number
  readonly p99Ms: number
}

/** The proxy has one core, load and upstream the other. */
const cores = { proxy: 0, load: 1 }
const connections = 64
/** Seconds a variant in each round. */
const roundTime = 3
/** Requests after which V8 has compiled what it will; how long they take depends on the machine. */
const warmUpRequests = 100_000

/**
 * Measures requests of random sessions through the gateway, next to the same through nginx, which
 * knows no session. In rounds, so that what else the machine does meets all alike.
 */
export async function benchProxy(options: ProxyBenchOptions): Promise<void> {
  assertPrograms()
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'))
  const [gatewayPort, upstreamPort, nginxPort, nodePort] = (await Promise.all(
    Array.from({ length: 4 }, findFreePort),
  )) as [number, number, number, number]
  const host = `localhost:${gatewayPort}`
  const plan = { folder, host, gatewayPort, upstreamPort, sealKey: randomToken() }
  const running: Pinned[] = []
  const start = async (core: number, command: readonly string[], port: number) => {
    const started = await startPinned(core, command, port)
    running.push(started)
    return started
  }
  try {
    const cookies = await fillSessions(plan, options.sessions)
    const nginx = findProgram('nginx') ?? '/usr/sbin/nginx'
    const upstream = await writeUpstream(`${folder}/upstream`, upstreamPort)
    await start(cores.load, [nginx, ...upstream], upstreamPort)
    const proxy = await writeProxy(`${folder}/nginx`, { own: nginxPort, upstream: upstreamPort })
    const gateway = (lanes: string, own: ProxyPlan) =>
      start(cores.proxy, gatewayCommand(own, lanes, options.profile), own.gatewayPort)
    const proxies: Record<Variant, { process: Pinned; port: number }> = {
      nginx: { process: await start(cores.proxy, [nginx, ...proxy], nginxPort), port: nginxPort },
      fast: { process: await gateway('fast,node', plan), port: gatewayPort },
      node: { process: await gateway('node', { ...plan, gatewayPort: nodePort }), port: nodePort },
    }
    const measure = async (variant: Variant) => {
      const { process, port } = proxies[variant]
      const load = [`-t1`, `-c${connections}`, `-d${roundTime}s`, `--timeout=30s`]
      const script = ['-s', join(import.meta.dirname, 'requests.lua')]
      const before = process.cpuMicros()
      const url = `http://127.0.0.1:${port}`
      const text = await runPinned(cores.load, [
        'wrk',
        ...load,
        ...script,
        url,
        '--',
        cookies,
        host,
      ])
      const cpu = process.cpuMicros() - before
      return toMeasured(text, cpu)
    }
    const rounds = await measureRounds(measure, options.rounds)
    const table = toTable(toRows(rounds))
    for (const line of table) globalThis.process.stdout.write(`${line}\n`)
    if (!options.profile) {
      const { sessions } = options
      const how = `${sessions.toLocaleString('en')} sessions, ${options.rounds} rounds`
      writeSection('proxy', [`Measured on ${describeMachine()}: ${how}.`, '', ...table])
    }
  } finally {
    for (const one of running) await one.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

function assertPrograms(): void {
  const packages = ['nginx-light', 'wrk'].filter((name) => {
    const program = name.replace('-light', '')
    return !findProgram(program) && !findProgram(`../sbin/${program}`)
  })
  const problem = packages.length > 0 ? installPackages(packages) : undefined
  if (problem) throw new Error(problem)
}

function gatewayCommand(plan: ProxyPlan, lanes: string, profile: string | undefined): string[] {
  const flags = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : []
  const program = join(import.meta.dirname, 'gateway.child.ts')
  const source = '--conditions=sallyport-source'
  return [process.execPath, source, ...flags, program, JSON.stringify(plan), lanes]
}

/** Forth and back, so that no variant is always the first. */
async function measureRounds(
  measure: (variant: Variant) => Promise<Measured>,
  count: number,
): Promise<Record<Variant, Measured>[]> {
  for (const variant of variants) {
    for (let sent = 0; sent < warmUpRequests; ) sent += (await measure(variant)).requests
  }
  const rounds: Record<Variant, Measured>[] = []
  for (let i = 0; i < count; i += 1) {
    const round: Partial<Record<Variant, Measured>> = {}
    for (const variant of i % 2 === 0 ? variants : variants.toReversed()) {
      round[variant] = await measure(variant)
    }
    rounds.push(round as Record<Variant, Measured>)
  }
  return rounds
}

function toMeasured(text: string, cpu: number): Measured {
  const { requests, seconds, p99Ms, failed } = JSON.parse(text.trim().split('\n').at(-1) ?? '')
  if (failed > 0 || requests === 0) throw new Error(`of ${requests} requests ${failed} failed`)
  return { requests, requestsPerSecond: requests / seconds, cpuMicros: cpu / requests, p99Ms }
}

function toRows(rounds: readonly Record<Variant, Measured>[]): (string | number)[][] {
  const first = variants[0]
  const head = ['Proxy', 'Requests a second', 'To nginx', 'CPU µs a request', 'To nginx', 'p99 ms']
  const rows = variants.map((variant) => {
    const middle = (of: (round: Record<Variant, Measured>) => number) => median(rounds.map(of))
    const rate = middle((round) => round[variant].requestsPerSecond)
    const rateRatio = middle(
      (round) => round[variant].requestsPerSecond / round[first].requestsPerSecond,
    )
    const cpuRatio = middle((round) => round[variant].cpuMicros / round[first].cpuMicros)
    return [
      ...[variant, Math.round(rate).toLocaleString('en'), rateRatio.toFixed(2)],
      ...[middle((round) => round[variant].cpuMicros).toFixed(1), cpuRatio.toFixed(2)],
      middle((round) => round[variant].p99Ms).toFixed(1),
    ]
  })
  return [head, ...rows]
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] as number
}
