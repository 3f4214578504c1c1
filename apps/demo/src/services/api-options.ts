import { readFileSync } from 'node:fs'
import type { InventoryOptions } from '../inventory/inventory-api.ts'
import type { OrdersOptions } from '../orders/orders-api.ts'
import type { DemoSettings } from '../settings.ts'

/** The orders API: the first of the chain, with a client of its own to reach the next. */
export function ordersOptions(settings: DemoSettings): OrdersOptions {
  const { publicUrls, dataDir, keyFiles, lifetimes } = settings
  return {
    issuer: publicUrls.identity,
    audience: publicUrls.orders,
    dataDir,
    inventoryUrl: publicUrls.inventory,
    clientKey: JSON.parse(readFileSync(keyFiles.ordersApi, 'utf8')),
    refundMaxAge: lifetimes.refundMaxAge,
  }
}

/** The inventory API: the end of the chain. */
export function inventoryOptions(settings: DemoSettings): InventoryOptions {
  const { publicUrls, dataDir } = settings
  return { issuer: publicUrls.identity, audience: publicUrls.inventory, dataDir }
}
