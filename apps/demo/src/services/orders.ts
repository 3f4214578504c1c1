import { createOrdersApi } from '../orders/orders-api.ts'
import { ordersOptions } from './api-options.ts'
import { serve } from './serve.ts'

serve('orders', (settings, telemetry) => createOrdersApi({ ...ordersOptions(settings), telemetry }))
