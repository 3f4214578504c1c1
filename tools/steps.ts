import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** One thing a run does, under a heading of its own. */
export interface Step {
  readonly title: string
  /** A program of node_modules/.bin, or one on the PATH, with its arguments. */
  readonly run: readonly [string, ...string[]]
  /** The program is vitest: its tests are counted. */
  readonly countsTests?: true
}

interface Outcome {
  readonly step: Step
  readonly ok: boolean
  readonly passed: number
  readonly failed: number
}

const root = join(import.meta.dirname, '..')

/**
 * Runs every step, also after one that failed, and ends the process: with 0 if all went well.
 * The last line says how many tests passed and failed. A step that fails without a failed test
 * (a type error, a crash) counts as one failure, so that the line never hides it.
 */
export async function runSteps(steps: readonly Step[]): Promise<never> {
  const scratch = mkdtempSync(join(tmpdir(), 'sallyport-steps-'))
  const current: { child?: ChildProcess } = {}
  passSignals(current)

  const outcomes: Outcome[] = []
  for (const [index, step] of steps.entries()) {
    const report = join(scratch, `${index}.json`)
    outcomes.push(await runStep(step, report, current))
  }
  rmSync(scratch, { recursive: true })

  const broken = outcomes.filter(({ ok }) => !ok).map(({ step }) => step.title)
  if (broken.length > 0) console.log(`\nFailed: ${broken.join(', ')}`)
  const sum = (key: 'passed' | 'failed') => outcomes.reduce((total, one) => total + one[key], 0)
  console.log(`${broken.length > 0 ? '' : '\n'}${sum('passed')} passed, ${sum('failed')} failed`)
  process.exit(broken.length > 0 ? 1 : 0)
}

async function runStep(
  step: Step,
  report: string,
  current: { child?: ChildProcess },
): Promise<Outcome> {
  console.log(`\n== ${step.title}`)
  const startedAt = performance.now()
  const [program, ...rest] = step.run
  const reporters = step.countsTests
    ? ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    : []
  const exitCode = await new Promise<number>((resolve) => {
    const child = spawn(program, [...rest, ...reporters], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}` },
    })
    current.child = child
    child.on('error', (error) => {
      console.error(`${program} could not be started: ${error.message}`)
      resolve(1)
    })
    child.on('close', (code) => resolve(code ?? 1))
  })
  const { passed, failed } = step.countsTests ? countTests(report) : { passed: 0, failed: 0 }
  const ok = exitCode === 0 && failed === 0
  const took = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(`-- ${step.title}: ${ok ? 'ok' : 'FAILED'} (${took} s)`)
  return { step, ok, passed, failed: ok ? 0 : Math.max(failed, 1) }
}

/** A run that reports nothing, or that it saw no test, has failed: it looked in the wrong place. */
function countTests(report: string): { passed: number; failed: number } {
  try {
    const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(
      readFileSync(report, 'utf8'),
    )
    if (passed + failed > 0) return { passed, failed }
  } catch {
    // Said below.
  }
  console.log('This test run reported no tests.')
  return { passed: 0, failed: 1 }
}

/** A signal, or the end of whoever started us, ends the step under way and the run with it. */
function passSignals(current: { child?: ChildProcess }): void {
  const end = (signal: NodeJS.Signals) => {
    const { child } = current
    if (!child || child.exitCode !== null || child.signalCode !== null) process.exit(130)
    child.once('close', () => process.exit(130))
    child.kill(signal)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
  process.on('disconnect', () => end('SIGTERM'))
  // Listening for the end of the channel must not by itself keep the run alive.
  process.channel?.unref()
}
