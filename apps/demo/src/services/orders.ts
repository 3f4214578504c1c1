import { createTelemetry } from '@sallyport/telemetry'
import { createOrdersApi } from '../orders/orders-api.ts'
import { runService } from '../start/child.ts'
import { ordersOptions } from './api-options.ts'
import { listen } from './listen.ts'

runService(async (settings) => {
  const telemetry = createTelemetry({ service: 'orders' })
  const orders = createOrdersApi({ ...ordersOptions(settings), telemetry })
  const server = await listen(orders.handler, settings.ports.orders)
  return {
    async close() {
      await server.close()
      await orders.close()
      await telemetry.close()
    },
  }
})
