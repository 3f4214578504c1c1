import { spawnSync } from 'node:child_process'
import { findChromium } from './find-chromium.ts'

const found = findChromium()
if (found) {
  console.log(`Chromium is there: ${found}`)
} else {
  const problem = installChromium()
  if (problem || !findChromium()) {
    console.error(problem ?? 'apt-get installed chromium, but no "chromium" is on the PATH.')
    process.exit(1)
  }
}

/** Installs Debian's package. @returns what is in the way, in one sentence. */
function installChromium(): string | undefined {
  const byHand =
    'No Chromium was found: install it (Debian: apt-get install chromium) and try again.'
  if (!runs('apt-get', '--version')) return byHand
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '--non-interactive']
  if (asRoot.length > 0 && !runs('sudo', '--non-interactive', 'true')) return byHand
  console.log('Installing Chromium (once)…')
  const flags = ['--yes', '--quiet', '--no-install-recommends']
  for (const command of [['update'], ['install', ...flags, 'chromium']]) {
    const [program = '', ...rest] = [...asRoot, 'apt-get', ...command]
    const { status, stderr } = spawnSync(program, rest, {
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
    if (status !== 0) return `Chromium could not be installed. apt-get says: ${lastLine(stderr)}`
  }
  return undefined
}

function runs(program: string, ...rest: string[]): boolean {
  return spawnSync(program, rest, { stdio: 'ignore' }).status === 0
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
