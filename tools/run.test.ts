import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

/** A program to run: says what happens to it, and ends when it is told to a second time. */
const program = `
import { appendFileSync } from 'node:fs'
const say = (line: string) => appendFileSync(process.argv[2] as string, line + '\\n')
let signals = 0
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    say(signal)
    signals += 1
    if (signals === 2) process.exit(7)
  })
}
process.on('disconnect', () => { say('alone'); process.exit(0) })
say('ready')
setInterval(() => undefined, 1000)
`

let folder: string
let said: string
let children: ChildProcess[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-run-'))
  said = join(folder, 'said')
  children = []
  for (const path of ['tools', 'apps/demo/src', 'node_modules']) {
    mkdirSync(join(folder, path), { recursive: true })
  }
  for (const file of ['run.mjs', 'install.mjs']) {
    cpSync(join(import.meta.dirname, file), join(folder, 'tools', file))
  }
  write('package.json', { type: 'module', engines: { node: '>=22.0.0' } })
  write('package-lock.json', { packages: {} })
  write('node_modules/.package-lock.json', { packages: {} })
  writeFileSync(join(folder, 'apps/demo/src/main.ts'), program)
})

afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

describe('a command that runs', () => {
  test('gets a keystroke once, however often it arrives, and gives its exit code', async () => {
    const run = await start()
    run.kill('SIGINT')
    await heard('ready\nSIGINT\n')
    run.kill('SIGINT')
    run.kill('SIGINT')
    await untilKeystrokeIsOver()
    run.kill('SIGTERM')
    expect(await once(run, 'exit')).toEqual([7, null])
    expect(readFileSync(said, 'utf8')).toBe('ready\nSIGINT\nSIGTERM\n')
  })

  test('learns that it is alone when run.mjs is killed', async () => {
    const run = await start()
    run.kill('SIGKILL')
    await heard('ready\nalone\n')
  })
})

test.each([[[]], [['build']], [['toString']]])(
  'says what can be run when given %j',
  async (flags) => {
    const run = spawnRun(flags)
    const [error] = await once(run.stderr as NodeJS.ReadableStream, 'data')
    expect(String(error)).toMatch(/^Say what to run: (?:[a-z]+, )+[a-z]+\.\n$/)
    expect((await once(run, 'exit'))[0]).toBe(1)
  },
)

test('says in a sentence that the Node is too old and its own is missing', async () => {
  write('package.json', { type: 'module', engines: { node: '>=99.0.0' } })
  const run = spawnRun(['start'])
  const [error] = await once(run.stderr as NodeJS.ReadableStream, 'data')
  expect(String(error)).toMatch(/^The repository's own Node is missing.*run "npm rebuild node.*\n$/)
})

async function start(): Promise<ChildProcess> {
  const run = spawnRun(['start', said])
  await heard('ready\n')
  return run
}

function spawnRun(flags: readonly string[]): ChildProcess {
  const run = spawn(process.execPath, [join(folder, 'tools/run.mjs'), ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  children.push(run)
  return run
}

async function heard(text: string): Promise<void> {
  await vi.waitFor(() => expect(readFileSync(said, 'utf8')).toBe(text), { timeout: 5000 })
}

/** Two signals within half a second are one keystroke: the time is what is tested. */
async function untilKeystrokeIsOver(): Promise<void> {
  const startedAt = performance.now()
  await vi.waitUntil(() => performance.now() - startedAt > 550)
}

function write(file: string, content: object): void {
  writeFileSync(join(folder, file), JSON.stringify(content))
}
