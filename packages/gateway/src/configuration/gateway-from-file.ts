import { SallyportError } from '@sallyport/core'
import { optionsError } from '@sallyport/core/options'
import { createGateway, type Gateway, type GatewayParts } from '../create-gateway.ts'
import {
  type Configuration,
  type ConfigurationSource,
  readConfiguration,
} from './read-configuration.ts'
import { watchFiles } from './watch-files.ts'

/** A gateway that is what a file says. */
export interface FileGateway {
  readonly gateway: Gateway
  /**
   * Reads the file again, as happens by itself when it or a file it refers to has changed. What does
   * not fit is logged, and changes nothing. Never rejects.
   */
  reload(): Promise<void>
  /** {@link Gateway.close}, and the file is left alone. */
  close(drain?: number): Promise<void>
}

/**
 * Starts a gateway as a configuration file says, and keeps to it when it changes.
 *
 * @throws `ERR_CONFIG_INVALID`, naming the file and every problem by its path; and what
 *   `createGateway` throws.
 */
export async function createGatewayFromFile(
  source: ConfigurationSource,
  parts: GatewayParts,
): Promise<FileGateway> {
  const { log } = parts.telemetry
  let seen: ReadonlyMap<string, string> = new Map()

  async function read(): Promise<Configuration> {
    const reading = { seen: new Map<string, string>(), warnings: new Set<string>() }
    seen = reading.seen
    const configuration = await readConfiguration(source, reading)
    for (const warning of reading.warnings) log.warn(warning)
    return configuration
  }

  const gateway = await createGateway((await read()).options, parts)

  async function reloadOnce(): Promise<void> {
    try {
      gateway.reload((await read()).options)
    } catch (cause) {
      const isAboutOptions = cause instanceof SallyportError && cause.problems.length > 0
      const error = isAboutOptions ? optionsError(source.file, cause.problems) : cause
      log.error({ error }, 'the new configuration is not taken: the one before stays in force')
    }
  }

  let reloading = Promise.resolve()
  function reload(): Promise<void> {
    reloading = reloading.then(reloadOnce)
    return reloading
  }

  const stopWatching = watchFiles({ seen: () => seen, onChange: reload })
  return {
    gateway,
    reload,

    async close(drain) {
      stopWatching()
      await reloading
      await gateway.close(drain)
    },
  }
}
