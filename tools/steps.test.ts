import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Step } from './steps.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-steps-test-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

const fine: Step = { title: 'Fine', run: ['node', '-e', ''] }

test('ends with the sum of all test runs, alone on the last line', async () => {
  const { code, lines } = await run([tests('Some', 3, 0), fine, tests('More', 4, 0)])
  expect(lines.at(-1)).toBe('7 passed, 0 failed')
  expect(code).toBe(0)
})

test('goes on after a failure, and names what failed', async () => {
  const broken: Step = { title: 'Broken', run: ['node', '-e', 'process.exit(3)'] }
  const { code, lines } = await run([broken, tests('Some', 2, 2), fine])
  expect(lines.slice(-2)).toEqual(['Failed: Broken, Some', '2 passed, 3 failed'])
  expect(lines.filter((line) => line.startsWith('== '))).toHaveLength(3)
  expect(code).toBe(1)
})

test.each([
  ['reports no tests', "require('fs').writeFileSync(REPORT, '{}')"],
  [
    'reports zero tests',
    'require(\'fs\').writeFileSync(REPORT, \'{"numPassedTests":0,"numFailedTests":0}\')',
  ],
  ['writes no report', ''],
  ['crashes after its report', `${reportOf(5, 0)}; process.exit(1)`],
  ['cannot be started', undefined],
])('counts a failure when the test run %s', async (_, script) => {
  const step: Step =
    script === undefined ? { ...fine, run: ['no-such-program'] } : vitestLike(script)
  const { code, lines } = await run([step])
  expect(lines.at(-1)).toMatch(/^\d passed, 1 failed$/)
  expect(code).toBe(1)
})

function tests(title: string, passed: number, failed: number): Step {
  return { ...vitestLike(`${reportOf(passed, failed)}; process.exitCode = ${failed}`), title }
}

function reportOf(passed: number, failed: number): string {
  const report = JSON.stringify({ numPassedTests: passed, numFailedTests: failed })
  return `require('fs').writeFileSync(REPORT, ${JSON.stringify(report)})`
}

/** A step that takes vitest's flag for its report, and does what the script says. */
function vitestLike(script: string): Step {
  const program = `const REPORT = process.argv.at(-1).split('=')[1]; ${script}`
  return { title: 'Some', run: ['node', '-e', program, '--'], countsTests: true }
}

async function run(steps: readonly Step[]): Promise<{ code: number; lines: string[] }> {
  const script = join(folder, 'run.mts')
  const runner = JSON.stringify(join(import.meta.dirname, 'steps.ts'))
  writeFileSync(
    script,
    `import { runSteps } from ${runner}\nawait runSteps(${JSON.stringify(steps)})`,
  )
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'ignore'] })
  const output = await text(child.stdout)
  const code = child.exitCode ?? (await new Promise<number>((done) => child.on('exit', done)))
  return { code, lines: output.trimEnd().split('\n') }
}
