import { createTelemetry } from '@sallyport/telemetry'
import { createInventoryApi } from '../inventory/inventory-api.ts'
import { runService } from '../start/child.ts'
import { inventoryOptions } from './api-options.ts'
import { listen } from './listen.ts'

runService(async (settings) => {
  const telemetry = createTelemetry({ service: 'inventory' })
  const inventory = createInventoryApi({ ...inventoryOptions(settings), telemetry })
  const server = await listen(inventory.handler, settings.ports.inventory)
  return {
    async close() {
      await server.close()
      await inventory.close()
      await telemetry.close()
    },
  }
})
