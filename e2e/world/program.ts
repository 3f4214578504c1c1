import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { eventually } from './eventually.ts'

/** A line of the program's log. */
export type ProgramLine = Readonly<Record<string, unknown>> & { readonly message: string }

/** `sallyport gateway`, in a process of its own. */
export interface Program {
  /** `http://localhost:PORT`, where it listens. */
  readonly url: string
  readonly lines: readonly ProgramLine[]
  /** Waits until so many lines with this message have been logged; gives the last. */
  logged(message: string, times?: number): Promise<ProgramLine>
  signal(name: NodeJS.Signals): void
  /** Ends it as an orchestrator would, and waits. @returns its exit code */
  end(): Promise<number | null>
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>
}

/** To start, or to see a change, on a machine that has much else to do. */
const patienceMs = 40_000

const main = join(import.meta.dirname, '../../packages/cli/src/main.ts')

/** What is said when a configuration is taken, and when it is not. */
export const reloaded = 'the configuration is reloaded'
export const refused = 'the new configuration is not taken: the one before stays in force'

/** Runs the command to its end, in a folder. */
export async function runCommand(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  cwd?: string,
) {
  const child = spawnCommand(args, environment, cwd)
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text) => {
      output[name] += text
    })
  }
  const [code] = await once(child, 'close')
  return { code, ...output }
}

/** Starts a gateway and waits until it listens. */
export async function startProgram(
  file: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<Program> {
  const child = spawnCommand(['gateway', '--config', file], environment)
  const lines: ProgramLine[] = []
  let problem = ''
  if (child.stdout) createInterface(child.stdout).on('line', (line) => lines.push(JSON.parse(line)))
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    problem += text
  })
  let hasEnded = false
  const ended = once(child, 'close').then(([code]) => {
    hasEnded = true
    return code as number | null
  })

  async function logged(message: string, times = 1): Promise<ProgramLine> {
    const found = () => lines.filter((line) => line.message === message)
    await eventually(() => hasEnded || found().length >= times, patienceMs).toBe(true)
    const last = found()[times - 1]
    if (!last) throw new Error(`never said "${message}": ${problem}${JSON.stringify(lines)}`)
    return last
  }

  const { port } = await logged('the gateway listens').catch((error) => {
    child.kill('SIGKILL')
    throw error
  })
  return {
    url: `http://localhost:${port}`,
    lines,
    logged,
    ended,
    signal: (name) => child.kill(name),
    end() {
      child.kill('SIGTERM')
      return ended
    },
  }
}

function spawnCommand(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  cwd?: string,
): ChildProcess {
  return spawn(process.execPath, ['--conditions=sallyport-source', main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment,
    cwd,
  })
}
