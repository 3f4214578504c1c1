import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import {
  type Bff,
  type ClientAddress,
  createClientAddress,
  createFrontends,
  createOperator,
  type Frontends,
  type Operator,
} from '@sallyport/bff'
import { type Clock, SallyportError } from '@sallyport/core'
import { isSameOptions, optionsError } from '@sallyport/core/options'
import { createNodeLane, createNodeServer, createUpstreams, putFastLane } from '@sallyport/lanes'
import type { SessionStore } from '@sallyport/session'
import type { Telemetry } from '@sallyport/telemetry'
import { checkGatewayOptions } from './check-options.ts'
import { openStore } from './open-store.ts'
import type { OperatorConfig } from './operator/operator-options.ts'
import { createOperatorServer } from './operator/operator-server.ts'
import type { FrontendsGatewayOptions, GatewayConfig, GatewayOptions } from './options.ts'
import { createWebPages, type WebPages } from './web-pages.ts'

export interface GatewayParts {
  telemetry: Telemetry
  clock?: Clock
}

/** One BFF or several, listening. */
export interface Gateway {
  /** The configured BFFs, in their order. */
  readonly bffs: readonly Bff[]
  readonly port: number
  /** Where operators are listened for, when that is configured. */
  readonly operatorPort?: number | undefined
  /**
   * Looks at sessions and ends them, of all frontends.
   *
   * @param name who acts; stands in each audit line.
   */
  operator(name: string): Operator
  /**
   * Puts other frontends in the place of those there are, all at once and without a restart; see
   * `Frontends.reload`. Where it listens, whom it trusts and where sessions are kept cannot change;
   * credentials of operators can.
   *
   * @throws `ERR_CONFIG_INVALID`; then nothing has changed.
   */
  reload(options: GatewayOptions | FrontendsGatewayOptions): void
  /**
   * Stops accepting, lets requests under way finish within `drain` seconds, and closes the store.
   *
   * @param drain @defaultValue 5
   */
  close(drain?: number): Promise<void>
}

/** Seconds between attempts to load the issuer's metadata while it cannot be reached. */
const prepareInterval = 2

/**
 * Starts a gateway. The issuer may be down meanwhile: sign-ins work as soon as it is there.
 *
 * @throws `ERR_CONFIG_INVALID` for options that do not fit, `ERR_PORT_TAKEN` when somebody else
 *   listens there, `ERR_SESSION_STORE_UNAVAILABLE` when the store cannot be opened.
 */
export async function createGateway(
  options: GatewayOptions | FrontendsGatewayOptions,
  parts: GatewayParts,
): Promise<Gateway> {
  const config = checkGatewayOptions(options)
  const clientAddress = createClientAddress(config.trustedProxies)
  const pages = createWebPages(config)
  const store = await openStore(config.store, parts)
  try {
    return await listen({ config, pages, store, parts: { ...parts, clientAddress } })
  } catch (cause) {
    await store.close()
    throw listenFailure(config.listen.port, cause)
  }
}

interface ListenOptions {
  config: GatewayConfig
  pages: WebPages
  store: SessionStore
  parts: GatewayParts & { clientAddress: ClientAddress }
}

/** Everything above an open store, which closes with the gateway. */
async function listen({ config, pages: first, store, parts }: ListenOptions): Promise<Gateway> {
  const { telemetry, clientAddress } = parts
  let pages = first
  const frontends = createFrontends(toFrontends(config), { ...parts, store })
  const upstreams = createUpstreams({ telemetry })
  const keepUpstreams = () =>
    upstreams.keep(frontends.bffs.flatMap(({ config }) => Object.values(config.upstreams)))
  keepUpstreams()
  const lane = createNodeLane({
    ...{ bff: frontends, telemetry, clientAddress, upstreams },
    pass: (...request) => pages.pass(...request),
  })
  let operators = config.operator
  const operatorFor = (actor: { name: string; address?: string | undefined }) =>
    createOperator({
      ...{ ...parts, store, actor, bffs: () => frontends.all() },
      hasOtherFrontends: config.tenants !== undefined,
    })
  const operatorServer =
    operators &&
    (await createOperatorServer({
      ...{ telemetry, operatorFor },
      config: () => operators as OperatorConfig,
    }))
  const server = createNodeServer(lane)
  const fastLane = config.lanes.includes('fast')
    ? putFastLane(server, { bff: frontends, telemetry, clientAddress, upstreams })
    : undefined
  server.listen(config.listen)
  try {
    await once(server, 'listening')
  } catch (error) {
    await operatorServer?.close()
    upstreams.close()
    throw error
  }
  let stopPreparing = keepPreparingAll(frontends, telemetry)

  return {
    get bffs() {
      return frontends.bffs
    },
    port: (server.address() as AddressInfo).port,

    operatorPort: operatorServer?.port,

    operator: (name) => operatorFor({ name }),

    reload(options) {
      const next = checkGatewayOptions(options)
      assertSamePlace(config, next)
      const nextPages = createWebPages(next)
      frontends.reload(toFrontends(next))
      pages = nextPages
      keepUpstreams()
      operators = next.operator
      stopPreparing()
      stopPreparing = keepPreparingAll(frontends, telemetry)
      telemetry.log.info({ frontends: frontends.bffs.length }, 'the configuration is reloaded')
    },

    async close(drain = 5) {
      stopPreparing()
      await operatorServer?.close()
      const closed = once(server, 'close')
      server.close()
      frontends.endStreams()
      fastLane?.drain()
      server.closeIdleConnections()
      const deadline = setTimeout(() => {
        server.closeAllConnections()
        fastLane?.close()
      }, drain * 1000)
      await closed
      fastLane?.close()
      clearTimeout(deadline)
      await frontends.close()
      await lane.close()
      upstreams.close()
      await store.close()
    },
  }
}

function assertSamePlace(config: GatewayConfig, next: GatewayConfig): void {
  const fixed = ({ listen, lanes, store, trustedProxies, operator }: GatewayConfig) => {
    return { listen, lanes, store, trustedProxies, 'operator.listen': operator?.listen }
  }
  const wanted = fixed(next)
  const problems = Object.entries(fixed(config))
    .filter(([name, value]) => !isSameOptions(wanted[name as keyof typeof wanted], value))
    .map(([name]) => ({ path: name.split('.'), message: 'cannot change without a restart' }))
  if (problems.length > 0) throw optionsError('gateway options', problems)
}

function toFrontends({ frontends, tenants }: GatewayConfig) {
  return { frontends: frontends.map(({ bff }) => bff), tenants }
}

function keepPreparingAll({ bffs }: Frontends, telemetry: Telemetry): () => void {
  const stops = bffs.map((bff) => keepPreparing(bff, telemetry))
  return () => {
    for (const stop of stops) stop()
  }
}

/** Asks for the issuer's metadata until it comes, so that the first sign-in need not wait. */
function keepPreparing(bff: Bff, { log }: Telemetry): () => void {
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  const attempt = () => {
    bff.prepare().then(
      () => log.info({ issuer: bff.config.issuer.href }, 'the issuer is there'),
      (error) => {
        log.warn({ error }, 'the issuer cannot be reached yet')
        if (!isStopped) timer = setTimeout(attempt, prepareInterval * 1000)
      },
    )
  }
  attempt()
  return () => {
    isStopped = true
    clearTimeout(timer)
  }
}

function listenFailure(port: number, cause: unknown): unknown {
  const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
  if (!isTaken) return cause
  return new SallyportError('ERR_PORT_TAKEN', `port ${port} is taken by another program`, { cause })
}
