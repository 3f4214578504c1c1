import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { SallyportError } from '@sallyport/core'
import type { ServiceName, ServiceSettings } from '../settings.ts'
import type { ReadyMessage, StartMessage } from './child.ts'
import { titles } from './titles.ts'

/** One service of the demo, as the process it runs in. */
export interface DemoService {
  readonly name: ServiceName
  /** `http://localhost:PORT`. */
  readonly url: string
  readonly logFile: string
  /** Of the process that runs now. */
  readonly pid: number | undefined
  /** Ends the process, and waits until it is gone. @defaultValue 'SIGTERM' */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Starts the process after {@link DemoService.kill}, and waits until it is ready. */
  restart(): Promise<void>
}

/** What {@link superviseService} needs to know. */
export interface SuperviseOptions {
  readonly name: ServiceName
  /** The service's entry file, which calls `runService`. */
  readonly entry: string
  readonly settings: ServiceSettings
  readonly logFile: string
  /** Called when a service that was ready ends and nobody asked for it. */
  readonly onDeath: (death: SallyportError) => void
  /**
   * The service is told to start when this has settled, one way or the other. Its process loads
   * its code meanwhile.
   */
  readonly after?: Promise<unknown>
}

/** A service that is not ready by then never will be. */
const startMs = 30_000
/** The services themselves give up draining after 5 seconds. */
const stopMs = 7000
const shownLogLines = 5

/**
 * Starts a service in a process of its own and waits until it is ready.
 *
 * The log goes straight to the file, not through this process: what a service writes while it
 * dies, or while we do, is there to be read.
 *
 * @throws `ERR_INTERNAL`, with the last log lines, when it ends instead or takes 30 seconds.
 */
export async function superviseService(options: SuperviseOptions): Promise<DemoService> {
  const { name, settings, logFile } = options
  let current = await startProcess(options)

  return {
    name,
    url: settings.publicUrls[name],
    logFile,
    get pid() {
      return current.child.pid
    },
    kill: (signal = 'SIGTERM') => current.end(signal),
    async restart() {
      if (isRunning(current.child)) throw new TypeError(`${name} is running: kill it first`)
      current = await startProcess(options)
    },
  }
}

interface ServiceProcess {
  readonly child: ChildProcess
  end(signal: NodeJS.Signals): Promise<void>
}

async function startProcess(options: SuperviseOptions): Promise<ServiceProcess> {
  const { name, entry, settings, logFile, onDeath, after } = options
  const log = openSync(logFile, 'a', 0o600)
  const logStart = fstatSync(log).size
  const child = spawn(process.execPath, ['--conditions=sallyport-source', entry], {
    stdio: ['ignore', log, log, 'ipc'],
  })
  closeSync(log)

  const died = (what: string) =>
    new SallyportError(
      'ERR_INTERNAL',
      `The ${titles[name]} ${what}. The end of its log (${logFile}):\n${readEnd(logFile, logStart)}`,
    )

  const message: StartMessage = { service: name, settings }
  // A process that is gone already says so by its exit; that it could not be told is no news.
  const tell = () => child.send(message, () => undefined)
  void Promise.allSettled([after]).then(tell)
  const problem = await untilReady(child)
  if (problem) {
    await endProcess(child, 'SIGKILL')
    throw died(problem)
  }

  let asked = false
  child.once('exit', (code, signal) => {
    if (!asked) onDeath(died(`ended by itself (${describeExit(code, signal)})`))
  })
  return {
    child,
    end(signal) {
      asked = true
      return endProcess(child, signal)
    },
  }
}

/** @returns what went wrong instead, or `undefined`. */
function untilReady(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => resolve('was not ready after 30 seconds'), startMs)
    const settle = (problem?: string) => {
      clearTimeout(deadline)
      resolve(problem)
    }
    child.once('error', (error) => settle(`could not be started (${error.message})`))
    child.once('exit', (code, signal) => {
      settle(`ended before it was ready (${describeExit(code, signal)})`)
    })
    child.on('message', (message: ReadyMessage) => {
      if (message.ready) settle()
    })
  })
}

async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (!isRunning(child)) return
  const exit = once(child, 'exit')
  const deadline = setTimeout(() => child.kill('SIGKILL'), stopMs)
  child.kill(signal)
  await exit
  clearTimeout(deadline)
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null
}

function describeExit(code: number | null, signal: NodeJS.Signals | null): string {
  return signal ?? `exit code ${code}`
}

/** The last lines that were written from `start` on. */
function readEnd(file: string, start: number): string {
  const text = readFileSync(file).subarray(start).toString('utf8')
  return text.trimEnd().split('\n').slice(-shownLogLines).join('\n') || '(nothing)'
}
