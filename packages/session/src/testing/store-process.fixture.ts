import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { ChildReport, StorePlace } from './store-process.child.ts'

/** A running store-process.child.ts. */
export interface StoreProcess {
  readonly reports: ChildReport[]
  /** Its exit code and signal. */
  readonly exited: Promise<[number | null, string | null]>
  kill(): void
}

export function startStoreProcess(job: string, place: StorePlace, name: string): StoreProcess {
  const script = fileURLToPath(new URL('./store-process.child.ts', import.meta.url))
  const argv = ['--conditions=sallyport-source', script, job, JSON.stringify(place), name]
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const reports: ChildReport[] = []
  const lines = createInterface({ input: child.stdout })
  const closed = once(lines, 'close')
  lines.on('line', (line) => {
    // The last line of a killed process may be cut short; it acknowledges nothing.
    if (line.endsWith('}')) reports.push(JSON.parse(line) as ChildReport)
  })
  const exit = once(child, 'exit') as Promise<[number | null, string | null]>
  return {
    reports,
    exited: Promise.all([exit, closed]).then(([status]) => status),
    kill: () => void child.kill('SIGKILL'),
  }
}
