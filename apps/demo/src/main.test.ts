import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findFreePort } from './start/testing/free-port.ts'

const main = join(import.meta.dirname, 'main.ts')

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-main-'))
})

afterEach(() => rm(folder, { recursive: true }))

test('says in one sentence which port is taken, and has started nothing', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { code, output, errors } = await runMain([], {
    BFF_PORT: String(await findFreePort()),
    IDENTITY_PORT: String(await findFreePort()),
    ORDERS_PORT: String(port),
    INVENTORY_PORT: String(await findFreePort()),
  })
  server.close()
  expect(errors).toMatch(
    new RegExp(`^Port ${port} is taken, so the orders API cannot start: .*"ORDERS_PORT=\\d+ npm`),
  )
  expect(errors.trimEnd().split('\n')).toHaveLength(2)
  expect(errors).toContain('ERR_PORT_TAKEN: see docs/errors.md')
  expect([code, output]).toEqual([1, ''])
  expect(await readdir(folder)).toEqual([])
})

test('says everything that is wrong with the settings', async () => {
  const { code, output, errors } = await runMain(['--prt', '1'], { BFF_PORT: 'x', ORDERS_PORT: '' })
  expect(errors).toMatch(/--prt: unknown flag.*BFF_PORT: .*ORDERS_PORT: /s)
  expect([code, output]).toEqual([1, ''])
})

test('explains its settings', async () => {
  const { code, output, errors } = await runMain(['--help'], {})
  expect(output).toContain('SALLYPORT_DATA, --data')
  expect([code, errors]).toEqual([0, ''])
})

async function runMain(flags: readonly string[], environment: Record<string, string>) {
  const child = spawn(process.execPath, ['--conditions=sallyport-source', main, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...environment, SALLYPORT_DATA: folder },
  })
  const exit = once(child, 'exit')
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = await exit
  return { code, output, errors }
}
