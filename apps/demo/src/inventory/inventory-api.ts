import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import {
  type ApiAnswer,
  type ApiRoute,
  createApiHandler,
  createGuard,
  problemAnswer,
} from '@sallyport/guard'
import type { Telemetry } from '@sallyport/telemetry'
import { z } from 'zod'
import { openStockStore, type ReserveOutcome, type StockStore } from './stock-store.ts'

/** The inventory API of the demo. */
export interface InventoryOptions {
  /** Whose access tokens are accepted. */
  issuer: string
  /** This API's resource identifier, such as `http://localhost:3012`. */
  audience: string
  /** The stock lives in its folder `inventory`. */
  dataDir: string
  telemetry?: Telemetry
}

/** An API: give `handler` to a `node:http` server, `close` it after the server. */
export interface InventoryApi {
  handler: RequestListener
  close(): Promise<void>
}

/** Scopes this API knows. */
const scopes = { read: 'inventory.read', reserve: 'inventory.reserve' }

const reservationSchema = z.strictObject({
  reservationId: z.uuid(),
  quantity: z.int().min(1).max(100),
})

const skuPattern = /^[A-Z0-9-]{1,40}$/

/**
 * Creates the inventory API: `GET /inventory/items`, `GET /inventory/items/{sku}`,
 * `POST /inventory/items/{sku}/reserve`, `DELETE /inventory/reservations/{id}`, and `GET /health`
 * for everybody.
 */
export function createInventoryApi(options: InventoryOptions): InventoryApi {
  const { issuer, audience, dataDir, telemetry } = options
  const context = telemetry ? { telemetry } : {}
  const guard = createGuard({ issuer, audience }, context)
  const store = openStockStore(join(dataDir, 'inventory'))
  return {
    handler: createApiHandler({ guard, routes: createRoutes(store), ...context }),
    close: () => store.close(),
  }
}

function createRoutes(store: StockStore): ApiRoute[] {
  return [
    { method: 'GET', path: '/health', public: true, handle: () => ok({ status: 'ok' }) },
    {
      method: 'GET',
      path: '/inventory/items',
      scopes: [scopes.read],
      handle: () => ok({ items: store.list() }),
    },
    {
      method: 'GET',
      path: '/inventory/items/{sku}',
      scopes: [scopes.read],
      handle({ params: { sku = '' } }) {
        const item = skuPattern.test(sku) ? store.find(sku) : undefined
        return item ? ok(item) : unknownItem(sku)
      },
    },
    {
      method: 'POST',
      path: '/inventory/items/{sku}/reserve',
      scopes: [scopes.reserve],
      // Only on behalf of a person: a client in its own name reserves for nobody.
      subject: 'person',
      async handle({ params: { sku = '' }, claims, readJson }) {
        const body = await readJson(reservationSchema)
        if (!body.ok) return body.answer
        if (!skuPattern.test(sku)) return unknownItem(sku)
        const { reservationId: id, quantity } = body.value
        const by = { clientId: claims.client_id, subject: claims.sub }
        return reserveAnswer(store.reserve({ id, sku, quantity, ...by }), sku)
      },
    },
    {
      method: 'DELETE',
      path: '/inventory/reservations/{id}',
      scopes: [scopes.reserve],
      handle({ params: { id = '' }, claims }) {
        const isId = z.uuid().safeParse(id).success
        if (isId && store.release(id, claims.client_id)) return { status: 204 }
        return problemAnswer('ERR_ROUTE_NOT_FOUND', 'There is no such reservation')
      },
    },
  ]
}

function reserveAnswer(outcome: ReserveOutcome, sku: string): ApiAnswer {
  switch (outcome.kind) {
    case 'reserved':
      return ok(outcome.item)
    case 'unknown-item':
      return unknownItem(sku)
    case 'out-of-stock':
      return problemAnswer(
        {
          type: 'urn:sallyport:demo:out_of_stock',
          title: 'There are not enough pieces left',
          status: 409,
          code: 'OUT_OF_STOCK',
        },
        `${outcome.item.name}: ${outcome.item.stock} left`,
      )
    case 'taken':
      return problemAnswer(
        {
          type: 'urn:sallyport:demo:reservation_taken',
          title: 'This reservation id was used before',
          status: 409,
          code: 'RESERVATION_TAKEN',
        },
        'A reservation id stands for one wish, and not again once it was released',
      )
  }
}

function ok(body: unknown): ApiAnswer {
  return { status: 200, body }
}

function unknownItem(sku: string): ApiAnswer {
  const shown = JSON.stringify(sku.slice(0, 40))
  return problemAnswer('ERR_ROUTE_NOT_FOUND', `There is no product with the sku ${shown}`)
}
