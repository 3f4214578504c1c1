import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { SallyportError } from '@sallyport/core'
import { buildWeb } from '../../web/build.ts'
import type { DemoSettings, ServiceName } from '../settings.ts'
import { ensureKeys } from './keys.ts'
import { assertPortsFree } from './ports.ts'
import { type DemoService, superviseService } from './supervise.ts'

export type { DemoService }

const entries = join(import.meta.dirname, '../services')

/** The demo, running. */
export interface Demo {
  readonly services: Readonly<Record<ServiceName, DemoService>>
  /** Resolves when a service ends that nobody asked to end: with what happened, for a person. */
  readonly failed: Promise<SallyportError>
  /**
   * Ends all services and waits until they are gone.
   *
   * @param signal @defaultValue 'SIGTERM'
   */
  stop(signal?: NodeJS.Signals): Promise<void>
}

/**
 * Starts the demo: keys, page, then each service in a process of its own.
 *
 * @throws `ERR_PORT_TAKEN` before anything is started; `ERR_CONFIG_INVALID` for broken key files;
 * `ERR_INTERNAL` when a service does not come up, after the others have been stopped.
 */
export async function startDemo(settings: DemoSettings): Promise<Demo> {
  await assertPortsFree(settings.ports)
  const logs = join(settings.dataDir, 'logs')
  await mkdir(logs, { recursive: true, mode: 0o700 })
  await ensureKeys(settings.keyFiles)
  const { folder } = await buildWeb()

  const failed = Promise.withResolvers<SallyportError>()
  const start = (name: ServiceName, after?: Promise<unknown>) =>
    superviseService({
      name,
      entry: join(entries, `${name}.ts`),
      settings: { ...settings, webDir: folder },
      logFile: join(logs, `${name}.jsonl`),
      onDeath: failed.resolve,
      ...(after && { after }),
    })
  // The BFF looks at the identity server at once, and would warn of one that is only late.
  const identity = start('identity')
  const starting = [start('bff', identity), identity, start('orders'), start('inventory')]
  const settled = await Promise.allSettled(starting)
  const running = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    await Promise.all(running.map((service) => service.kill(signal)))
  }

  const broken = settled.find((one) => one.status === 'rejected')
  if (broken) {
    await stop()
    throw broken.reason
  }
  const services = Object.fromEntries(running.map((service) => [service.name, service]))
  return { services: services as Record<ServiceName, DemoService>, failed: failed.promise, stop }
}
