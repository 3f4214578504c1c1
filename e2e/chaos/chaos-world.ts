import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDemoSettings, type DemoSettings } from '../../apps/demo/src/settings.ts'
import { ensureKeys } from '../../apps/demo/src/start/keys.ts'
import { findFreePort } from '../../packages/session/src/testing/spawn-server.fixture.ts'
import { createRestartableProcess, type RestartableProcess } from './child-process.ts'
import { startFront } from './front.ts'
import { type LogoutRelay, startLogoutRelay } from './logout-relay.ts'
import type { Random } from './random.ts'
import { createSendings, newSender, type Sendings } from './sendings.ts'
import { accessTokenLifetime, type GatewaySettings, sessionLifetimes } from './settings.ts'
import { type SharedStore, type StoreServer, startStore } from './store-server.ts'
import { type IssuerWeather, startTokenRecorder } from './token-recorder.ts'
import { startUpstream, type Upstream } from './upstream.ts'

/** A gateway's process, and the one way to kill it: the book must know of it. */
export interface ChaosGateway extends RestartableProcess {
  readonly name: string
  readonly port: number
}

/** Milliseconds, of `performance.now`. */
export interface Outage {
  readonly fromMs: number
  untilMs: number
}

/** Everything that can break: the store's server, two gateways, the identity server. */
export interface ChaosWorld {
  readonly demo: DemoSettings
  /** Where users go. */
  readonly app: string
  readonly issuer: string
  readonly gateways: readonly [ChaosGateway, ChaosGateway]
  readonly identity: RestartableProcess
  /** When the identity server was away. */
  readonly outages: readonly Outage[]
  readonly store: StoreServer
  readonly weather: IssuerWeather
  readonly sendings: Sendings
  readonly upstream: Upstream
  readonly relay: LogoutRelay
  /** The logs are here. */
  readonly folder: string
  /** Ends all that was started. @param keepLogs leaves the folder where it is. */
  close(keepLogs: boolean): Promise<void>
}

export interface ChaosWorldOptions {
  store: SharedStore
  users: readonly { username: string; password: string }[]
  random: Random
  mode: 'stored' | 'sealed'
}

/** Starts a world; what has been started is ended when it cannot be completed. */
export async function startChaosWorld(options: ChaosWorldOptions): Promise<ChaosWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-chaos-'))
  const endings: (() => Promise<unknown>)[] = []
  const close = async (keepLogs: boolean) => {
    for (const end of endings.splice(0).reverse()) await end()
    if (!keepLogs) await rm(folder, { recursive: true, force: true })
  }
  try {
    return { ...(await start({ ...options, folder, endings })), folder, close }
  } catch (error) {
    await close(true)
    throw error
  }
}

interface StartOptions extends ChaosWorldOptions {
  folder: string
  endings: (() => Promise<unknown>)[]
}

async function start(options: StartOptions): Promise<Omit<ChaosWorld, 'folder' | 'close'>> {
  const { folder, endings, random, users } = options
  const opened = async <Part>(part: Part, end: (part: Part) => Promise<unknown>) => {
    endings.push(() => end(part))
    return part
  }
  const demo = await createSettings(folder, users)
  const { bff: app, identity: issuer } = demo.publicUrls
  const store = await opened(await startStore(options.store, folder), (one) => one.stop())
  const sendings = createSendings()
  const onUse = sendings.noteUse
  const upstream = await opened(await startUpstream({ demo, onUse }), (one) => one.close())
  const relay = await opened(await startLogoutRelay(app), (one) => one.close())
  const shared = { demo, backchannelLogoutUri: relay.url }
  const bareIdentity = createRestartableProcess({
    script: './identity.child.ts',
    settings: shared,
    logFile: join(folder, 'identity.jsonl'),
  })
  await opened(bareIdentity, (one) => one.close())
  await bareIdentity.start()
  const outages: Outage[] = []
  const identity: RestartableProcess = {
    ...bareIdentity,
    async start() {
      await bareIdentity.start()
      const outage = outages.at(-1)
      if (outage) outage.untilMs = performance.now()
    },
    kill() {
      outages.push({ fromMs: performance.now(), untilMs: Number.POSITIVE_INFINITY })
      return bareIdentity.kill()
    },
  }

  const weather: IssuerWeather = { slowMs: 0, lateAnswersMs: 0, loses: () => false }
  async function startGateway(name: string): Promise<ChaosGateway> {
    let sender = newSender(name)
    const watched = { issuer, sendings, weather, sender: () => sender }
    const recorder = await opened(await startTokenRecorder(watched), (one) => one.close())
    const port = await findFreePort()
    const settings: GatewaySettings = {
      ...{ ...shared, port, store: store.options, mode: options.mode },
      issuerInternalUrl: recorder.url,
    }
    const logFile = join(folder, `${name}.jsonl`)
    const bare = createRestartableProcess({ script: './gateway.child.ts', settings, logFile })
    await opened(bare, (one) => one.close())
    await bare.start()
    return {
      ...{ name, port },
      isRunning: () => bare.isRunning(),
      async start() {
        sender = newSender(name)
        await bare.start()
      },
      kill() {
        sender.killedAtMs = performance.now()
        return bare.kill()
      },
      close: bare.close,
      pause() {
        sender.pauses.push({ fromMs: performance.now(), untilMs: Number.POSITIVE_INFINITY })
        bare.pause()
      },
      resume() {
        bare.resume()
        const pause = sender.pauses.at(-1)
        if (pause) pause.untilMs = performance.now()
      },
      tell(message) {
        sender.jumpsMs.push(performance.now())
        bare.tell(message)
      },
    }
  }
  const gateways = [await startGateway('gateway-a'), await startGateway('gateway-b')] as const
  const ports = gateways.map(({ port }) => port)
  const choose = () => (random.fraction() < 0.5 ? ports : ports.toReversed())
  await opened(await startFront({ port: demo.ports.bff, choose }), (one) => one.close())
  const parts = { demo, app, issuer, gateways, identity, outages, store }
  return { ...parts, weather, sendings, upstream, relay }
}

async function createSettings(
  dataDir: string,
  users: ChaosWorldOptions['users'],
): Promise<DemoSettings> {
  const ports = {
    bff: await findFreePort(),
    identity: await findFreePort(),
    orders: await findFreePort(),
    inventory: await findFreePort(),
  }
  const lifetimes = { accessToken: accessTokenLifetime, ...sessionLifetimes }
  const settings = createDemoSettings({ ports, dataDir, lifetimes })
  await ensureKeys(settings.keyFiles)
  const accounts = users.map(({ username, password }) => ({
    ...{ username, password, name: username },
    email: `${username}@example.com`,
  }))
  return { ...settings, accounts }
}
