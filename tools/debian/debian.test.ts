import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const script = fileURLToPath(new URL('../servers.ts', import.meta.url))

test('servers that are not there and cannot be installed are named, with what to do', () => {
  const { status, stdout, stderr } = runServers([])
  expect(status).toBe(1)
  expect(stdout).toBe('')
  expect(stderr).toMatch(/redis-server.* not found: install with "apt-get install redis-server/)
})

test('what apt-get says last is passed on', () => {
  const { status, stderr } = runServers(['apt-get', 'sudo', 'sh'])
  expect(status).toBe(1)
  expect(stderr).toMatch(/redis-server.* could not be installed. apt-get says: /)
})

/** Runs the step where the PATH has nothing but these programs: they do nothing, and sh fails. */
function runServers(programs: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-path-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const name of programs)
    symlinkSync(name === 'sh' ? '/bin/false' : '/bin/true', join(folder, name))
  const env = { ...process.env, PATH: folder }
  return spawnSync(process.execPath, [script], { encoding: 'utf8', env })
}
