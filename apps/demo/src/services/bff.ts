import { createGateway } from '@sallyport/gateway'
import { createTelemetry } from '@sallyport/telemetry'
import { runService } from '../start/child.ts'
import { gatewayOptions } from './bff-options.ts'

runService(async (settings) => {
  const telemetry = createTelemetry({ service: 'bff' })
  const gateway = await createGateway(gatewayOptions(settings), { telemetry })
  return {
    async close() {
      await gateway.close()
      await telemetry.close()
    },
  }
})
