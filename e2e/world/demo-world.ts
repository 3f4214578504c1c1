import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createDemoSettings,
  type DemoLifetimes,
  type DemoSettings,
  type ServiceName,
} from '../../apps/demo/src/settings.ts'
import { type Demo, startDemo } from '../../apps/demo/src/start/demo.ts'

/** The demo as `npm start` runs it: four processes, on ports and a data folder of their own. */
export interface DemoWorld {
  readonly demo: Demo
  readonly settings: DemoSettings
  /** Origin of the application. */
  readonly app: string
  /** Origin of the identity server. */
  readonly issuer: string
  /** What a service has logged so far. */
  logOf(service: ServiceName): Promise<LogLine[]>
  close(): Promise<void>
}

/** A line of a service's log: an event, and what belongs to it. */
export type LogLine = Readonly<Record<string, unknown>>

/** As of `npm start`, unless a journey is about the end of one. */
const usualLifetimes: DemoLifetimes = {
  accessToken: 300,
  sessionIdle: 3600,
  sessionAbsolute: 43_200,
}

/** Starts the whole demo. */
export async function startDemoWorld(lifetimes: Partial<DemoLifetimes> = {}): Promise<DemoWorld> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sallyport-journey-'))
  const [bff, identity, orders, inventory] = await findPorts()
  const settings = createDemoSettings({
    dataDir,
    ports: { bff, identity, orders, inventory },
    lifetimes: { ...usualLifetimes, ...lifetimes },
  })
  const removeData = () => rm(dataDir, { recursive: true, force: true })
  const demo = await startDemo(settings).catch(async (error) => {
    await removeData()
    throw error
  })
  return {
    demo,
    settings,
    app: settings.publicUrls.bff,
    issuer: settings.publicUrls.identity,
    async logOf(service) {
      const text = await readFile(demo.services[service].logFile, 'utf8')
      // The last line may be half written.
      const whole = text.slice(0, text.lastIndexOf('\n') + 1)
      return whole.trim().split('\n').map(parseLine)
    },
    async close() {
      await demo.stop()
      await removeData()
    },
  }
}

function parseLine(line: string): LogLine {
  return line.startsWith('{') ? JSON.parse(line) : { message: line }
}

type Ports = [bff: number, identity: number, orders: number, inventory: number]

/**
 * Four ports below those the system gives to outgoing connections: a service that was killed must
 * find its port again.
 */
async function findPorts(): Promise<Ports> {
  for (;;) {
    const first = 10_000 + Math.floor(Math.random() * 20_000)
    const ports: Ports = [first, first + 1, first + 2, first + 3]
    const isFree = await Promise.all(ports.map(canListen))
    if (isFree.every(Boolean)) return ports
  }
}

async function canListen(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen({ port, host: '127.0.0.1', exclusive: true })
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
