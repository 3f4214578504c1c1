import { createInventoryApi } from '../inventory/inventory-api.ts'
import { inventoryOptions } from './api-options.ts'
import { serve } from './serve.ts'

serve('inventory', (settings, telemetry) =>
  createInventoryApi({ ...inventoryOptions(settings), telemetry }),
)
