import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SallyportError } from '@sallyport/core'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createDemoSettings, type ServiceSettings } from '../settings.ts'
import { type DemoService, superviseService } from './supervise.ts'
import { findFreePort } from './testing/free-port.ts'

const entry = join(import.meta.dirname, 'testing/greeter.ts')

let folder: string
let settings: ServiceSettings
let running: DemoService[]
let deaths: SallyportError[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-supervise-'))
  running = []
  deaths = []
  const ports = { bff: await findFreePort(), identity: 2, orders: 3, inventory: 4 }
  const lifetimes = { accessToken: 60, sessionIdle: 60, sessionAbsolute: 60 }
  settings = { ...createDemoSettings({ ports, dataDir: folder, lifetimes }), webDir: folder }
})

afterEach(async () => {
  await Promise.all(running.map((service) => service.kill('SIGKILL')))
  await rm(folder, { recursive: true })
})

test('is ready once the service listens, and logs to a file of its own', async () => {
  const service = await start()
  expect(await (await fetch(url('/'))).text()).toBe(`hello from ${service.pid}`)
  await service.kill()
  expect(await readFile(service.logFile, 'utf8')).toBe(
    '{"message":"loaded"}\n{"message":"closed"}\n',
  )
  expect((await stat(service.logFile)).mode & 0o777).toBe(0o600)
  expect(deaths).toEqual([])
})

test('loads at once, and starts when what it waits for has settled', async () => {
  const identity = Promise.withResolvers<void>()
  const starting = start(identity.promise)
  await vi.waitFor(async () => expect(await readFile(logFile(), 'utf8')).toContain('loaded'))
  await expect(fetch(url('/'))).rejects.toThrow()
  identity.reject(new Error('planted: it did not come up'))
  await starting
  expect((await fetch(url('/'))).status).toBe(200)
})

test('can be killed and started again', async () => {
  const service = await start()
  const first = service.pid
  await expect(service.restart()).rejects.toThrow(TypeError)
  await service.kill('SIGKILL')
  await expect(fetch(url('/'))).rejects.toThrow()
  await service.restart()
  expect(service.pid).not.toBe(first)
  expect(await (await fetch(url('/'))).text()).toBe(`hello from ${service.pid}`)
  expect(deaths).toEqual([])
})

test('says how a service ended that does not come up', async () => {
  settings = { ...settings, ports: { ...settings.ports, orders: 1 } }
  const failure = await start().catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(SallyportError)
  expect(String(failure)).toMatch(/application ended before it was ready \(exit code 1\)/)
  expect(String(failure)).toContain('planted: cannot start')
})

test('says how a service died that was up, with its last words', async () => {
  await start()
  await fetch(url('/crash')).catch(() => undefined)
  await vi.waitFor(() => expect(deaths).toHaveLength(1))
  expect(deaths[0]?.message).toContain('ended by itself (exit code 1)')
  expect(deaths[0]?.message).toContain('planted: crash')
})

test('lets a request under way hold up the end for 5 seconds, not longer', async () => {
  const service = await start()
  const slow = await fetch(url('/slow'))
  const cut = expect(slow.text()).rejects.toThrow()
  const startedAt = performance.now()
  await service.kill()
  await cut
  expect(performance.now() - startedAt).toBeGreaterThan(4500)
  expect(performance.now() - startedAt).toBeLessThan(6900)
}, 15_000)

test('leaves nobody behind when the starter is killed', async () => {
  const starter = spawn(
    process.execPath,
    [
      '--conditions=sallyport-source',
      '--input-type=module-typescript',
      '--eval',
      `import { superviseService } from ${JSON.stringify(join(import.meta.dirname, 'supervise.ts'))}
       const options = ${JSON.stringify({ name: 'bff', entry, settings, logFile: logFile() })}
       const service = await superviseService({ ...options, onDeath: () => undefined })
       console.log(service.pid)`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [line] = await once(starter.stdout, 'data')
  const pid = Number(String(line))
  expect(isAlive(pid)).toBe(true)
  starter.kill('SIGKILL')
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 4000 })
  expect(await readFile(logFile(), 'utf8')).toContain('closed')
}, 15_000)

async function start(after?: Promise<unknown>): Promise<DemoService> {
  const onDeath = (death: SallyportError) => deaths.push(death)
  const service = await superviseService({
    name: 'bff',
    entry,
    settings,
    logFile: logFile(),
    onDeath,
    ...(after && { after }),
  })
  running.push(service)
  return service
}

function logFile(): string {
  return join(folder, 'bff.jsonl')
}

function url(path: string): string {
  return `http://127.0.0.1:${settings.ports.bff}${path}`
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
