import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createTelemetry, type Telemetry } from '@sallyport/telemetry'
import type { ServiceName, ServiceSettings } from '../settings.ts'
import { runService } from '../start/child.ts'

const kibibyte = 1024

/** Something that answers requests, and holds something open meanwhile. */
export interface Application {
  handler: RequestListener
  close(): Promise<void>
}

/** Runs a service of the demo on `http://localhost:port`: for this machine only. */
export function serve(
  name: ServiceName,
  create: (settings: ServiceSettings, telemetry: Telemetry) => Application | Promise<Application>,
): void {
  runService(async (settings) => {
    const telemetry = createTelemetry({ service: name })
    const application = await create(settings, telemetry)
    const stop = await listen(application.handler, settings.ports[name])
    return {
      async close() {
        await stop()
        await application.close()
        await telemetry.close()
      },
    }
  })
}

/** Bounds heads and slow senders. @returns how to stop: requests under way may finish. */
async function listen(handler: RequestListener, port: number): Promise<() => Promise<void>> {
  const limits = { maxHeaderSize: 16 * kibibyte, headersTimeout: 30_000, requestTimeout: 60_000 }
  const server = createServer(limits, handler)
  server.listen({ host: 'localhost', port })
  await once(server, 'listening')
  return async () => {
    const closed = once(server, 'close')
    server.close()
    server.closeIdleConnections()
    await closed
  }
}
