import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A process on one core. */
export interface Pinned {
  /** Microseconds of processor time so far. */
  cpuMicros(): number
  stop(): Promise<void>
}

/** Starts a program on a core, and waits until it accepts connections. It ends with this process. */
export async function startPinned(
  core: number,
  command: readonly string[],
  port: number,
): Promise<Pinned> {
  const argv = ['--cpu-list', String(core), 'setpriv', '--pdeathsig', 'KILL', ...command]
  const child = spawn('taskset', argv, { stdio: ['ignore', 'ignore', 'inherit'] })
  await untilListening(child, port)
  return {
    cpuMicros: () => readCpu(child.pid as number),
    async stop() {
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
    },
  }
}

/** Runs a program on a core to its end. @returns what it wrote. */
export async function runPinned(core: number, command: readonly string[]): Promise<string> {
  const { stdout } = await run('taskset', ['--cpu-list', String(core), ...command])
  return stdout
}

/** Ticks of Linux's clock are hundredths of a second everywhere. */
const microsPerTick = 10_000

function readCpu(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * microsPerTick
}

async function untilListening(child: ChildProcess, port: number): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error('a process under measurement did not start')
    const socket = connect(port, '127.0.0.1')
    const isThere = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'close').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (isThere) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
