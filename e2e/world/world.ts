import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGateway, type Gateway, type GatewayOptions, type Lane } from '@sallyport/gateway'
import {
  createIdentityServer,
  type IdentityOptions,
  type IdentityServer,
} from '@sallyport/identity'
import { type Count, createTelemetry, type Telemetry } from '@sallyport/telemetry'
import { inject } from 'vitest'
import { gatewayOptions } from '../../apps/demo/src/services/bff-options.ts'
import { identityOptions } from '../../apps/demo/src/services/identity-options.ts'
import { createDemoSettings, type DemoSettings } from '../../apps/demo/src/settings.ts'
import { ensureKeys } from '../../apps/demo/src/start/keys.ts'
import { type Browser, createBrowser } from './browser.ts'
import { createRecorder, type Recorder } from './recorder.ts'
import { sessionStoreOf } from './session-store.ts'

type SessionMode = 'stored' | 'sealed'

declare module 'vitest' {
  interface ProvidedContext {
    sessionMode: SessionMode
    /** What carries requests; absent: what does by default. */
    lanes?: Lane[]
  }
}

/** Everything in one process: the real identity server and gateway, and upstreams that record. */
export interface World {
  readonly settings: DemoSettings
  readonly app: string
  readonly issuer: string
  readonly orders: Recorder
  readonly inventory: Recorder
  gateway: Gateway
  /** Requests that the identity server got, by path. */
  readonly issuerRequests: string[]
  /** Stands before the identity server; `next` lets it answer, now or later. */
  intercept: Intercept | undefined
  /** All log lines of all services. */
  readonly logLines: string[]
  /** What the gateway has counted. */
  counts(): readonly Count[]
  signIn(browser?: Browser, username?: string): Promise<Browser>
  restartGateway(): Promise<void>
  /** One more gateway on the same sessions, as another process would be; on a port of its own. */
  startSecondGateway(): Promise<Gateway>
  /** Stops and starts the identity server's socket: connections are refused in between. */
  stopIssuer(): Promise<void>
  startIssuer(): Promise<void>
  close(): Promise<void>
}

/** Answers a request to the identity server, or lets it through by calling `next`. */
export type Intercept = (
  request: IncomingMessage,
  response: ServerResponse,
  next: () => void,
) => unknown

export interface WorldOptions {
  accessToken?: number
  sessionIdle?: number
  sessionAbsolute?: number
  /** Changes the gateway's options before it starts. */
  gateway?: (options: GatewayOptions) => GatewayOptions
  /** Where sessions are kept. @defaultValue what the test run is about */
  sessionMode?: SessionMode
  /** Changes the identity server's options before it starts. */
  identity?: (options: IdentityOptions) => IdentityOptions
}

/** Starts a world on free ports with a data folder of its own. */
export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sallyport-flow-'))
  const [orders, inventory] = [createRecorder(), createRecorder()]
  const issuerServer = createServer((request, response) => issuerHandler(request, response))
  const ports = {
    bff: await freePort(),
    identity: await listenAnywhere(issuerServer),
    orders: await listenAnywhere(orders.server),
    inventory: await listenAnywhere(inventory.server),
  }
  const { accessToken = 300, sessionIdle = 1800, sessionAbsolute = 28_800 } = options
  const lifetimes = { accessToken, sessionIdle, sessionAbsolute }
  const demo = createDemoSettings({ ports, dataDir, lifetimes })
  const accounts = demo.accounts.map((one) => ({ ...one, password: passwordOf(one.username) }))
  const settings = { ...demo, accounts }
  await ensureKeys(settings.keyFiles)

  const logLines: string[] = []
  const destination = { write: (line: string) => void logLines.push(line) }
  const telemetry: Record<string, Telemetry> = {}
  for (const service of ['identity', 'bff']) {
    telemetry[service] = createTelemetry({ service, destination, level: 'debug' })
  }
  const wantedIdentity = options.identity?.(identityOptions(settings)) ?? identityOptions(settings)
  const identity: IdentityServer = await createIdentityServer({
    ...wantedIdentity,
    telemetry: telemetry.identity as Telemetry,
  })
  const { webFolder: _, ...withoutWeb } = gatewayOptions({ ...settings, webDir: '' })
  const mode = options.sessionMode ?? inject('sessionMode')
  const inMode = {
    ...withoutWeb,
    lanes: inject('lanes'),
    store: sessionStoreOf(join(dataDir, 'sessions')),
    bff: { ...withoutWeb.bff, session: { ...withoutWeb.bff.session, mode } },
  }
  const wanted = options.gateway?.(inMode) ?? inMode
  const startGateway = () => createGateway(wanted, { telemetry: telemetry.bff as Telemetry })

  const world: World = {
    settings,
    app: settings.publicUrls.bff,
    issuer: settings.publicUrls.identity,
    orders,
    inventory,
    gateway: await startGateway(),
    issuerRequests: [],
    intercept: undefined,
    logLines,
    counts: () => telemetry.bff?.counts() ?? [],

    async signIn(browser = createBrowser(), username = 'alice') {
      const page = await browser.navigate(`${world.app}/bff/login?returnUrl=/orders`)
      const isThere = page.url.startsWith(world.app)
      if (!isThere) await browser.submit(page, { username, password: passwordOf(username) })
      if (!browser.cookies.has('__Host-Http-bff'))
        throw new Error(`sign-in failed: ${page.answer.text}`)
      return browser
    },

    async restartGateway() {
      await world.gateway.close(1)
      world.gateway = await startGateway()
    },

    startSecondGateway: () =>
      createGateway({ ...wanted, listen: { port: 0 } }, { telemetry: telemetry.bff as Telemetry }),

    async stopIssuer() {
      const closed = once(issuerServer, 'close')
      issuerServer.close()
      issuerServer.closeAllConnections()
      await closed
    },

    async startIssuer() {
      issuerServer.listen({ host: 'localhost', port: ports.identity })
      await once(issuerServer, 'listening')
    },

    async close() {
      await world.gateway.close(1)
      await stop(issuerServer)
      await stop(orders.server)
      await stop(inventory.server)
      await identity.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }

  function issuerHandler(...[request, response]: Parameters<RequestListener>): void {
    world.issuerRequests.push(`${request.method} ${request.url?.split('?')[0]}`)
    const next = () => identity.handler(request, response)
    if (world.intercept) world.intercept(request, response, next)
    else next()
  }

  return world
}

/** A password that a search through a log cannot mistake for anything else. */
export function passwordOf(username: string): string {
  return `planted-password-of-${username}`
}

async function listenAnywhere(server: Server): Promise<number> {
  server.listen({ host: 'localhost', port: 0 })
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listenAnywhere(server)
  await stop(server)
  return port
}

async function stop(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
