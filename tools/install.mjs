// Installing what package-lock.json says, and finding the Node to run with. Plain JavaScript for
// Node 18 and newer, like run.mjs.
import { spawn, spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What npm's error codes mean to a person, and what to do. */
const sentences = [
  [/\bprocess terminated\b/, 'It was interrupted: run the command again.'],
  [
    /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT)\b/,
    'The package registry cannot be reached: check the network (or npm\'s "registry" and "proxy" settings) and run the command again.',
  ],
  [
    /\b(EACCES|EPERM|EROFS)\b/,
    "npm may not write here: give yourself this folder and npm's cache (chown), then run the command again.",
  ],
  [/\bENOSPC\b/, 'The disk is full: free about 1 GB and run the command again.'],
  [
    /\bEUSAGE\b/,
    'package-lock.json does not fit the package.json files: run "npm install" and commit the lock file.',
  ],
  [
    /\bEINTEGRITY\b/,
    'A downloaded package is not the one package-lock.json names: run "npm cache clean --force" and try again.',
  ],
]

/** Whether node_modules holds what package-lock.json says, by npm's own record of what it put there. */
export function isInstalled(root) {
  const wanted = readPackages(join(root, 'package-lock.json'))
  const present = readPackages(join(root, 'node_modules', '.package-lock.json'))
  if (!wanted || !present) return false
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (!path.includes('node_modules/')) return true
    const found = present[path]
    return found ? found.version === version : optional === true
  })
}

/**
 * Runs `npm ci`, quietly.
 *
 * @param onStart gets the npm process, so that signals can be passed on to it.
 * @throws an Error with one sentence a person can act on.
 */
export async function installDependencies(root, onStart) {
  try {
    accessSync(root, constants.W_OK)
  } catch {
    throw new Error(`Dependencies cannot be installed: ${root} is not writable by this user.`)
  }
  const { code, signal, output } = await runNpm(root, onStart)
  if (code !== 0) throw new Error(explain(signal ? 'process terminated' : output))
}

/**
 * The repository's own Node (the npm package `node`), else the running one when it is new enough.
 *
 * @throws an Error with one sentence a person can act on.
 */
export function findNode(root) {
  const own = join(root, 'node_modules', '.bin', 'node')
  if (existsSync(own) && spawnSync(own, ['--version']).status === 0) return own
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  if (satisfies(process.versions.node, engines.node)) return process.execPath
  throw new Error(
    `The repository's own Node is missing (npm did not run the install script of the package "node") and this Node, ${process.version}, does not fit "${engines.node}": run "npm rebuild node --ignore-scripts=false", or use a Node that fits.`,
  )
}

/** Whether a version fits a range of the forms `^1.2.3` and `>=1.2.3`, joined by `||`. */
export function satisfies(version, range) {
  const actual = version.split('.').map(Number)
  return range.split('||').some((part) => {
    const [, operator, least] = /^\s*(\^|>=)(\d+\.\d+\.\d+)\s*$/.exec(part) ?? []
    if (!least) throw new TypeError(`not a range of ^ or >=: ${part}`)
    const wanted = least.split('.').map(Number)
    if (operator === '^' && actual[0] !== wanted[0]) return false
    const different = wanted.findIndex((number, index) => actual[index] !== number)
    return different < 0 || actual[different] > wanted[different]
  })
}

function runNpm(root, onStart) {
  // npm run from inside npm: the same npm on the same Node, because node_modules/.bin/node, which
  // comes first in PATH, is about to be replaced.
  const { npm_execpath: npm, npm_node_execpath: node } = process.env
  const [file, ...before] = npm && node && existsSync(node) ? [node, npm] : ['npm']
  const flags = ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--progress=false']
  // npm would wait 10, then 60 seconds between tries: nobody waits that long for one sentence.
  flags.push('--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000')
  return new Promise((resolve, reject) => {
    const npmProcess = spawn(file, [...before, ...flags], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    onStart(npmProcess)
    let output = ''
    for (const stream of [npmProcess.stdout, npmProcess.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text
      })
    }
    npmProcess.on('error', ({ code, message }) => {
      const missing =
        'npm is not installed: install Node.js together with npm (Debian: apt-get install npm), then run the command again.'
      reject(new Error(code === 'ENOENT' ? missing : `npm could not be started: ${message}`))
    })
    npmProcess.on('close', (code, signal) => resolve({ code, signal, output }))
  })
}

function explain(output) {
  const known = sentences.find(([pattern]) => pattern.test(output))
  if (known) return `Dependencies could not be installed. ${known[1]}`
  const lines = output
    .split('\n')
    .filter((line) => /\S/.test(line.replace(/^npm (error|ERR!)/, '')))
  return `Dependencies could not be installed; "npm ci" says:\n${lines.slice(0, 8).join('\n')}`
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return undefined
  }
}
