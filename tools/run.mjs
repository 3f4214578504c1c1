// What `npm start`, `npm test`, `npm run check` and their like call. Plain JavaScript for Node 18 and newer:
// it runs before anything is installed, on whatever Node the machine has.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findNode, installDependencies, isInstalled } from './install.mjs'

const commands = {
  start: 'apps/demo/src/main.ts',
  native: 'apps/demo/src/native/main.ts',
  test: 'tools/test.ts',
  check: 'tools/check.ts',
  chaos: 'e2e/chaos/main.ts',
  bench: 'bench/main.ts',
}

// npm passes a terminal's Ctrl-C on to us although the terminal has sent it already: two signals
// this close together are one keystroke.
const sameKeystrokeMs = 500

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const [command = '', ...rest] = process.argv.slice(2)
const entry = Object.hasOwn(commands, command) ? commands[command] : undefined

let child
let lastSignalAt = Number.NEGATIVE_INFINITY
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => pass(signal))

try {
  if (!entry) throw new Error(`Say what to run: ${Object.keys(commands).join(', ')}.`)
  if (!isInstalled(root)) {
    process.stderr.write('Installing dependencies (once, about a minute)…\n')
    await installDependencies(root, (started) => {
      child = started
    })
  }
  // In a group of its own the command gets a terminal's Ctrl-C from us only: exactly once. The
  // channel tells it when we are gone, however we went.
  child = spawn(findNode(root), ['--conditions=sallyport-source', resolve(root, entry), ...rest], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: true,
  })
  child.on('error', (error) => fail(`Node could not be started: ${error.message}`))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
} catch (error) {
  fail(error.message)
}

function pass(signal) {
  const now = performance.now()
  if (now - lastSignalAt < sameKeystrokeMs) return
  lastSignalAt = now
  if (child) child.kill(signal)
  else process.exit(128 + constants.signals[signal])
}

function fail(sentence) {
  process.stderr.write(`${sentence}\n`)
  process.exit(1)
}
