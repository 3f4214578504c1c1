import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type Bff, createBff } from '@sallyport/bff'
import { type Clock, SallyportError } from '@sallyport/core'
import { createNodeLane, createNodeServer, type PassHandler } from '@sallyport/lanes'
import type { SessionStore } from '@sallyport/session'
import type { Telemetry } from '@sallyport/telemetry'
import { openStore } from './open-store.ts'
import { type GatewayConfig, type GatewayOptions, parseGatewayOptions } from './options.ts'
import { createWebFiles } from './web-files.ts'

export interface GatewayParts {
  telemetry: Telemetry
  clock?: Clock
}

/** A BFF that listens. */
export interface Gateway {
  readonly bff: Bff
  readonly port: number
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
  options: GatewayOptions,
  parts: GatewayParts,
): Promise<Gateway> {
  const config = parseGatewayOptions(options)
  const pass = createWebFiles(config.webFolder)
  const store = await openStore(config.store, parts)
  try {
    return await listen({ config, pass, store, parts })
  } catch (cause) {
    await store.close()
    throw listenFailure(config.listen.port, cause)
  }
}

interface ListenOptions {
  config: GatewayConfig
  pass: PassHandler
  store: SessionStore
  parts: GatewayParts
}

/** Everything above an open store, which closes with the gateway. */
async function listen({ config, pass, store, parts }: ListenOptions): Promise<Gateway> {
  const { telemetry } = parts
  const bff = createBff(config.bff, { ...parts, store })
  const lane = createNodeLane({ bff, telemetry, pass })
  const server = createNodeServer(lane)
  server.listen(config.listen)
  await once(server, 'listening')
  const stopPreparing = keepPreparing(bff, telemetry)

  return {
    bff,
    port: (server.address() as AddressInfo).port,

    async close(drain = 5) {
      stopPreparing()
      const closed = once(server, 'close')
      server.close()
      bff.endStreams()
      server.closeIdleConnections()
      const deadline = setTimeout(() => server.closeAllConnections(), drain * 1000)
      await closed
      clearTimeout(deadline)
      await bff.close()
      await lane.close()
      await store.close()
    },
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
