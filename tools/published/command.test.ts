import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const command = join(import.meta.dirname, '../../packages/cli/dist/main.js')

/** Runs the built command as another version of Node would see it. */
function runOn(version: string, ...args: string[]) {
  const versions = `{ ...process.versions, node: '${version}' }`
  const pretend = `Object.defineProperty(process, 'versions', { value: ${versions} })`
  const flags = ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`]
  return spawnSync(process.execPath, [...flags, command, ...args], { encoding: 'utf8' })
}

test('the built command runs without the sources', () => {
  const { status, stdout } = runOn('24.18.1', '--version')
  expect({ status, stdout }).toEqual({ status: 0, stdout: '0.0.0\n' })
})

test('on a Node without security fixes it says so in one sentence, and does nothing', () => {
  const { status, stdout, stderr } = runOn('20.20.2', 'gateway')
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toMatch(/^Sallyport needs a Node with .*\^24\.18\.1.*, and this is v[\d.]+\.\n$/)
})
