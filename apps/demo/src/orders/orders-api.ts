import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import {
  createApiHandler,
  createClientCredentials,
  createGuard,
  createTokenExchange,
} from '@sallyport/guard'
import { createTelemetry, type Telemetry } from '@sallyport/telemetry'
import type { JWK } from 'jose'
import { createInventoryClient } from './inventory-client.ts'
import { createOrderRoutes } from './order-routes.ts'
import { openOrderStore } from './order-store.ts'
import { startReleasing } from './release-abandoned.ts'

/** The orders API of the demo. */
export interface OrdersOptions {
  /** Whose access tokens are accepted, and who exchanges them. */
  issuer: string
  /** This API's resource identifier, such as `http://localhost:3011`. */
  audience: string
  /** The orders live in its folder `orders`. */
  dataDir: string
  /** Origin of the inventory API, which is also its resource identifier. */
  inventoryUrl: string
  /** @defaultValue 'orders-api' */
  clientId?: string
  /** Private key of that client. */
  clientKey: JWK
  /** Whole seconds that a sign-in may be old for a refund. @defaultValue 300 */
  refundMaxAge?: number | undefined
  telemetry?: Telemetry
}

/** An API: give `handler` to a `node:http` server, `close` it after the server. */
export interface OrdersApi {
  handler: RequestListener
  close(): Promise<void>
}

/** Milliseconds between attempts to give back what was reserved in vain. */
const releasePauseMs = 5000

/**
 * Creates the orders API: `GET /orders`, `GET /orders/{id}`, `POST /orders`,
 * `DELETE /orders/{id}` (cancels), `POST /orders/{id}/refund` for who signed in recently, and
 * `GET /health` for everybody. People see their own orders.
 */
export function createOrdersApi(options: OrdersOptions): OrdersApi {
  const { issuer, audience, dataDir, inventoryUrl, clientId = 'orders-api', clientKey } = options
  const { refundMaxAge = 300 } = options
  const telemetry = options.telemetry ?? createTelemetry({ service: 'orders', level: 'silent' })
  const client = { issuer, clientId, privateKey: clientKey }
  const guard = createGuard({ issuer, audience }, { telemetry })
  const inventory = createInventoryClient({
    inventoryUrl,
    tokenExchange: createTokenExchange(client, { telemetry }),
    clientCredentials: createClientCredentials(client, { telemetry }),
    telemetry,
  })
  const store = openOrderStore(join(dataDir, 'orders'))
  const releasing = startReleasing({ store, inventory, telemetry }, releasePauseMs)
  const routes = createOrderRoutes({ store, inventory, releasing, refundMaxAge })

  return {
    handler: createApiHandler({ guard, routes, telemetry }),
    async close() {
      await releasing.close()
      await store.close()
    },
  }
}
