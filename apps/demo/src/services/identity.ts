import { createIdentityServer } from '@sallyport/identity'
import { createTelemetry } from '@sallyport/telemetry'
import { runService } from '../start/child.ts'
import { identityOptions } from './identity-options.ts'
import { listen } from './listen.ts'

runService(async (settings) => {
  const telemetry = createTelemetry({ service: 'identity' })
  const identity = await createIdentityServer({ ...identityOptions(settings), telemetry })
  const server = await listen(identity.handler, settings.ports.identity)
  return {
    async close() {
      await server.close()
      await identity.close()
      await telemetry.close()
    },
  }
})
