import { mkdtempSync, rmSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type LoopbackIssuer,
  type LoopbackServer,
  listen,
  readText,
  sendJson,
  startIssuer,
} from '@sallyport/guard/testing'
import { createTelemetry } from '@sallyport/telemetry'
import { decodeJwt, exportJWK, generateKeyPair } from 'jose'
import { createInventoryApi } from '../../inventory/inventory-api.ts'
import { createOrdersApi, type OrdersApi } from '../orders-api.ts'

/** What the orders API is asked. */
export interface Asking {
  /** @defaultValue 'alice' */
  sub?: string
  method?: string
  body?: unknown
  /** Of the access token, in place of those that may do everything. */
  claims?: Record<string, unknown>
  headers?: Record<string, string>
}

/** Its answer. */
export interface Answer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came
  body: any
}

/** Both APIs and an issuer, on sockets, on a data folder of their own. */
export interface Shop {
  issuer: LoopbackIssuer
  /** Origin of the inventory API, and its resource identifier. */
  inventoryUrl: string
  dataDir: string
  /** Parsed log lines of both APIs. */
  lines: Record<string, unknown>[]
  /** Answers in place of the inventory API; it gets the real one to hand over to. */
  fault: ((real: RequestListener) => RequestListener) | undefined
  /** The token endpoint, to be put back after a fault of its own. */
  tokenEndpoint: RequestListener
  ask(path: string, asking?: Asking): Promise<Answer>
  order(sku: string, quantity: unknown, sub?: string): Promise<Answer>
  stockOf(sku: string): Promise<number>
  stopOrders(): Promise<void>
  startOrders(): void
  close(): Promise<void>
}

const audience = 'http://localhost:3011'

/** Starts the shop with full shelves and no orders. */
export async function openShop(): Promise<Shop> {
  const dataDir = mkdtempSync(join(tmpdir(), 'shop-'))
  const lines: Record<string, unknown>[] = []
  const clientKey = await createClientKey()
  const issuer = await startIssuer()
  const tokenEndpoint = createTokenEndpoint(issuer)
  issuer.answers.set('/token', tokenEndpoint)
  const inventoryServer: LoopbackServer = await listen((request, response) => {
    const handler = shop.fault?.(inventory.handler) ?? inventory.handler
    handler(request, response)
  })
  const inventoryUrl = inventoryServer.origin
  const recording = (service: string) => {
    const destination = { write: (line: string) => void lines.push(JSON.parse(line)) }
    return createTelemetry({ service, destination })
  }
  const common = { issuer: issuer.issuer, dataDir }
  const inventory = createInventoryApi({
    ...common,
    audience: inventoryUrl,
    telemetry: recording('inventory'),
  })
  const startOrders = () =>
    createOrdersApi({
      ...common,
      audience,
      inventoryUrl,
      clientKey,
      telemetry: recording('orders'),
    })
  let orders: OrdersApi = startOrders()
  const ordersServer = await listen((request, response) => orders.handler(request, response))

  const shop: Shop = {
    issuer,
    inventoryUrl,
    dataDir,
    lines,
    fault: undefined,
    tokenEndpoint,

    async ask(path, { sub = 'alice', method = 'GET', body, claims, headers } = {}) {
      const scope = 'orders.read orders.write'
      const accessToken = await issuer.sign({ aud: audience, scope, sub, ...claims })
      const response = await fetch(`${ordersServer.origin}${path}`, {
        method,
        headers: { ...bearer(accessToken), 'content-type': 'application/json', ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      return { status: response.status, headers: response.headers, body: await response.json() }
    },

    order: (sku, quantity, sub = 'alice') =>
      shop.ask('/orders', { method: 'POST', body: { sku, quantity }, sub }),

    async stockOf(sku) {
      const accessToken = await issuer.sign({ aud: inventoryUrl, scope: 'inventory.read' })
      const url = `${inventoryUrl}/inventory/items/${sku}`
      const response = await fetch(url, { headers: bearer(accessToken) })
      return ((await response.json()) as { stock: number }).stock
    },

    stopOrders: () => orders.close(),
    startOrders() {
      orders = startOrders()
    },

    async close() {
      await ordersServer.close()
      await orders.close()
      await inventoryServer.close()
      await inventory.close()
      await issuer.close()
      rmSync(dataDir, { recursive: true })
    },
  }
  return shop
}

/** Issues what is asked for: to the subject of the token, or to the client itself. */
function createTokenEndpoint(issuer: LoopbackIssuer): RequestListener {
  return async (request, response) => {
    const form = new URLSearchParams(await readText(request))
    const subjectToken = form.get('subject_token')
    const accessToken = await issuer.sign({
      sub: subjectToken ? decodeJwt(subjectToken).sub : form.get('client_id'),
      client_id: form.get('client_id'),
      aud: form.get('resource'),
      scope: form.get('scope'),
    })
    sendJson(response, {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: 300,
      ...(subjectToken && { issued_token_type: form.get('requested_token_type') }),
    })
  }
}

async function createClientKey() {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  return exportJWK(privateKey)
}

function bearer(accessToken: string) {
  return { authorization: `Bearer ${accessToken}` }
}
