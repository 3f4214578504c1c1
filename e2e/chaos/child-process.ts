import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A program of ours in a process of its own, that can be treated badly and started again. */
export interface RestartableProcess {
  isRunning(): boolean
  /** Resolves when it says that it is ready. */
  start(): Promise<void>
  /** SIGKILL, and waits for its end. */
  kill(): Promise<void>
  /** The same, and it is not started any more. */
  close(): Promise<void>
  /** SIGSTOP: it hangs, and its connections stay open. */
  pause(): void
  resume(): void
  tell(message: object): void
}

export interface ProcessOptions {
  /** A file of this folder. */
  script: string
  /** What it is told when it starts: JSON. */
  settings: object
  /** Gets all that its lives say. */
  logFile: string
}

/** On Linux it ends with this process, however that ends. */
const tied = process.platform === 'linux' ? ['setpriv', '--pdeathsig', 'KILL'] : []

/**
 * The frame of a process that can be killed, paused and started again. The next one has loaded its
 * program before it is needed, so that it is away for as long as a fault says and no longer.
 */
export function createRestartableProcess(options: ProcessOptions): RestartableProcess {
  const script = fileURLToPath(new URL(options.script, import.meta.url))
  const log = createWriteStream(options.logFile, { flags: 'a' })
  let next: ChildProcess | undefined = spawnIdle()
  let child: ChildProcess | undefined
  let isOver = false

  const isAlive = (one: ChildProcess | undefined): one is ChildProcess =>
    one !== undefined && one.exitCode === null && one.signalCode === null

  /** It does nothing before it is told its settings. */
  function spawnIdle(): ChildProcess {
    const words = [...tied, process.execPath, '--conditions=sallyport-source', script]
    const [program = '', ...argv] = words
    const spawned = spawn(program, argv, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    spawned.stdout?.pipe(log, { end: false })
    spawned.stderr?.pipe(log, { end: false })
    return spawned
  }

  async function kill(one: ChildProcess | undefined): Promise<void> {
    if (!isAlive(one)) return
    const ended = once(one, 'exit')
    one.kill('SIGKILL')
    await ended
  }

  return {
    isRunning: () => isAlive(child),

    async start() {
      if (isOver) return
      const started = next ?? spawnIdle()
      next = undefined
      child = started
      const ended = once(started, 'exit').then(() => {
        throw new Error(`${options.script} ended before it was ready: see ${options.logFile}`)
      })
      started.send(options.settings)
      await Promise.race([once(started, 'message'), ended])
      ended.catch(() => {})
      if (!isOver) next = spawnIdle()
    },

    kill: () => kill(child),

    async close() {
      isOver = true
      await Promise.all([kill(child), kill(next)])
    },

    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    tell: (message) => void (isAlive(child) && child.connected && child.send(message)),
  }
}

/** What a script says when it is ready, and what it does when nobody needs it any more. */
export function tellReady(): void {
  process.on('disconnect', () => process.exit(1))
  process.send?.({ ready: true })
}
