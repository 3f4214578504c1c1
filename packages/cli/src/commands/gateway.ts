import { createGatewayFromFile, type FileGateway } from '@sallyport/gateway'
import { createTelemetry } from '@sallyport/telemetry'
import type { Command } from '../command.ts'
import { findConfiguration } from '../find-configuration.ts'

/**
 * Runs the gateway until it is told to end: SIGTERM and SIGINT let requests under way finish, a
 * second one ends at once, and SIGHUP reads the configuration again.
 */
export const gateway: Command = {
  usage: '[--config FILE]',
  summary: 'Runs the gateway.',

  async run(flags) {
    const source = findConfiguration(flags)
    const telemetry = createTelemetry({ service: 'gateway' })
    const starting = createGatewayFromFile(source, { telemetry })
    let isEnding = false

    async function end(signal: NodeJS.Signals): Promise<void> {
      if (isEnding) process.exit(1)
      isEnding = true
      telemetry.log.info({ signal }, 'the gateway ends: requests under way may finish')
      await (await starting).close()
      await telemetry.close()
      process.exit(0)
    }

    function die(error: unknown): never {
      telemetry.log.fatal({ error }, 'the gateway ends: an error nobody caught')
      process.exit(1)
    }

    process.on('SIGHUP', () => void starting.then(({ reload }) => reload(), ignoreFailedStart))
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => void end(signal).catch(die))
    }
    const { gateway }: FileGateway = await starting
    process.on('uncaughtException', die)
    telemetry.log.info(
      { port: gateway.port, frontends: gateway.bffs.map(({ config }) => config.frontend) },
      'the gateway listens',
    )
  },
}

/** Whoever waits for the start is told. */
function ignoreFailedStart(): void {}
