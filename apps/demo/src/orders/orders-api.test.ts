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
import { decodeJwt, exportJWK, generateKeyPair, type JWK } from 'jose'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createInventoryApi, type InventoryApi } from '../inventory/inventory-api.ts'
import { openOrderStore } from './order-store.ts'
import { createOrdersApi, type OrdersApi } from './orders-api.ts'

const audience = 'http://localhost:3011'

let clientKey: JWK

beforeAll(async () => {
  clientKey = await exportJWK((await generateKeyPair('ES256', { extractable: true })).privateKey)
})

let dataDir: string
let issuer: LoopbackIssuer
let inventory: InventoryApi
let inventoryServer: LoopbackServer
/** In place of the inventory API, to break its answers. */
let inventoryFault: RequestListener | undefined
let orders: OrdersApi
let ordersServer: LoopbackServer
let lines: Record<string, unknown>[]

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'orders-'))
  lines = []
  inventoryFault = undefined
  issuer = await startIssuer()
  issuer.answers.set('/token', tokenEndpoint)
  inventoryServer = await listen((request, response) => {
    const handler = inventoryFault ?? inventory.handler
    handler(request, response)
  })
  inventory = createInventoryApi({
    issuer: issuer.issuer,
    audience: inventoryServer.origin,
    dataDir,
    telemetry: recording('inventory'),
  })
  startOrders()
  ordersServer = await listen((request, response) => orders.handler(request, response))
})

afterEach(async () => {
  await ordersServer.close()
  await orders.close()
  await inventoryServer.close()
  await inventory.close()
  await issuer.close()
  rmSync(dataDir, { recursive: true })
})

function startOrders() {
  orders = createOrdersApi({
    issuer: issuer.issuer,
    audience,
    dataDir,
    inventoryUrl: inventoryServer.origin,
    clientKey,
    telemetry: recording('orders'),
  })
}

function recording(service: string) {
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) }
  return createTelemetry({ service, destination })
}

/** Issues what is asked for: to the subject of the token, or to the client itself. */
const tokenEndpoint: RequestListener = async (request, response) => {
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

interface Asking {
  sub?: string
  method?: string
  body?: unknown
  claims?: Record<string, unknown>
  headers?: Record<string, string>
}

async function ask(path: string, asking: Asking = {}) {
  const { sub = 'alice', method = 'GET', body, claims, headers } = asking
  const scope = 'orders.read orders.write'
  const accessToken = await issuer.sign({ aud: audience, scope, sub, ...claims })
  const response = await fetch(`${ordersServer.origin}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${accessToken}`,
      'content-type': 'application/json',
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: response.status, headers: response.headers, body: await response.json() }
}

function order(sku: string, quantity: unknown, sub = 'alice') {
  return ask('/orders', { method: 'POST', body: { sku, quantity }, sub })
}

async function stockOf(sku: string): Promise<number> {
  const accessToken = await issuer.sign({ aud: inventoryServer.origin, scope: 'inventory.read' })
  const response = await fetch(`${inventoryServer.origin}/inventory/items/${sku}`, {
    headers: { authorization: `Bearer ${accessToken}` },
  })
  return ((await response.json()) as { stock: number }).stock
}

describe('the orders API', () => {
  test('places an order and takes its pieces out of the stock', async () => {
    const { status, headers, body } = await order('CHAIR-02', 2)

    expect(status).toBe(201)
    expect(body).toMatchObject({
      sku: 'CHAIR-02',
      name: 'Reading chair, oak',
      quantity: 2,
      price: { amount: 34_900, currency: 'EUR' },
      total: { amount: 69_800, currency: 'EUR' },
      status: 'placed',
      stock: 4,
    })
    expect(body).not.toHaveProperty('subject')
    expect(headers.get('location')).toBe(`/orders/${body.id}`)
    expect(await ask(`/orders/${body.id}`)).toMatchObject({ status: 200, body })
    expect(await stockOf('CHAIR-02')).toBe(4)
  })

  test('lists the caller’s own orders, newest first, with the stock of this moment', async () => {
    await order('MUG-03', 20)
    await order('RUG-07', 1)
    await order('MUG-03', 1, 'bob')

    const { body } = await ask('/orders')

    expect(body.orders).toMatchObject([
      { sku: 'RUG-07', quantity: 1, stock: 2 },
      { sku: 'MUG-03', quantity: 20, stock: 99 },
    ])
  })

  test('nobody sees or cancels the order of another', async () => {
    const { body } = await order('RUG-07', 1)

    expect((await ask('/orders', { sub: 'bob' })).body).toEqual({ orders: [] })
    for (const method of ['GET', 'DELETE']) {
      expect(await ask(`/orders/${body.id}`, { sub: 'bob', method })).toMatchObject({ status: 404 })
    }
    expect(await ask(`/orders/${'x'.repeat(4000)}`)).toMatchObject({ status: 404 })
    expect(await stockOf('RUG-07')).toBe(2)
  })

  test('orders survive a restart', async () => {
    const { body } = await order('RUG-07', 1)
    await orders.close()
    startOrders()

    expect(await ask(`/orders/${body.id}`)).toMatchObject({ status: 200, body })
  })

  test('the last piece is sold once, however many order at once', async () => {
    const people = Array.from({ length: 12 }, (_, at) => `person-${at}`)

    const answers = await Promise.all(people.map((sub) => order('PRINT-08', 1, sub)))

    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(11).fill(409)])
    const winner = people[answers.findIndex(({ status }) => status === 201)] as string
    expect((await ask('/orders', { sub: winner })).body.orders).toHaveLength(1)
  })

  test('cancelling brings the pieces back', async () => {
    const { body } = await order('RUG-07', 3)

    const cancelled = await ask(`/orders/${body.id}`, { method: 'DELETE' })

    expect(cancelled).toMatchObject({ status: 200, body: { status: 'cancelled' } })
    await vi.waitFor(async () => expect(await stockOf('RUG-07')).toBe(3))
    await ask(`/orders/${body.id}`, { method: 'DELETE' })
    await order('RUG-07', 1)
    expect(await stockOf('RUG-07')).toBe(2)
  })

  test('a client in its own name has no orders', async () => {
    const claims = { sub: 'orders-api', client_id: 'orders-api' }
    expect(await ask('/orders', { claims })).toMatchObject({ status: 403 })
  })

  test('reading does not allow ordering', async () => {
    const claims = { scope: 'orders.read' }
    const asking = { method: 'POST', body: { sku: 'MUG-03', quantity: 1 }, claims }
    expect(await ask('/orders', asking)).toMatchObject({ status: 403 })
  })

  test.each<[unknown, string]>([
    [{ sku: 'MUG-03' }, 'quantity: '],
    [{ sku: 'MUG-03', quantity: 0 }, 'quantity: '],
    [{ sku: 'MUG-03', quantity: '1' }, 'quantity: '],
    [{ sku: '../../x', quantity: 1 }, 'sku: must be a sku'],
    [{ sku: 'NONE', quantity: 1 }, 'sku: there is no product NONE'],
    [{ sku: 'MUG-03', quantity: 1, price: 1 }, 'price'],
    [[], 'expected object'],
  ])('%j is refused, and says why', async (body, detail) => {
    const answer = await ask('/orders', { method: 'POST', body })

    expect(answer).toMatchObject({ status: 400, body: { code: 'ERR_REQUEST_INVALID' } })
    expect(answer.body.detail).toContain(detail)
    expect((await ask('/orders')).body.orders).toEqual([])
  })

  test('more than there is', async () => {
    const answer = await order('RUG-07', 4)

    expect(answer).toMatchObject({ status: 409, body: { code: 'OUT_OF_STOCK' } })
    expect(answer.body.detail).toBe('Wool rug, 120 x 180 cm: 3 left')
  })

  test('one trace leads through both APIs and the exchange, and no log has a token', async () => {
    const trace = '0af7651916cd43dd8448eb211c80319c'
    const exchanges: unknown[] = []
    issuer.answers.set('/token', (request, response) => {
      exchanges.push(request.headers.traceparent)
      tokenEndpoint(request, response)
    })
    await ask('/orders', { headers: { traceparent: `00-${trace}-b7ad6b7169203331-01` } })

    const requests = lines.filter(({ message }) => message === 'Request')
    expect(requests).toMatchObject([
      { service: 'inventory', trace_id: trace, sub: 'alice', client_id: 'orders-api' },
      { service: 'orders', trace_id: trace, sub: 'alice', client_id: 'bff' },
    ])
    expect(exchanges).toEqual([expect.stringContaining(trace)])
    expect(JSON.stringify(lines)).not.toMatch(/eyJ/)
  })
})

describe('when something fails', () => {
  const down: RequestListener = (_, response) => void response.destroy()

  test('an inventory that is down is a 503, and nothing is ordered', async () => {
    inventoryFault = down

    for (const answer of [await ask('/orders'), await order('MUG-03', 1)]) {
      expect(answer).toMatchObject({ status: 503, body: { code: 'INVENTORY_UNAVAILABLE' } })
      expect(answer.headers.get('retry-after')).toBe('5')
    }
    inventoryFault = undefined
    expect((await ask('/orders')).body.orders).toEqual([])
  })

  test('an inventory that hangs is a 503 after three seconds', async () => {
    inventoryFault = () => {}
    const startedAt = performance.now()

    expect(await ask('/orders')).toMatchObject({ status: 503 })
    expect(performance.now() - startedAt).toBeLessThan(4500)
  })

  test('pieces are put back when the answer to a reservation is lost', async () => {
    inventoryFault = (request, response) => {
      if (request.url?.endsWith('/reserve')) response.end = response.destroy as never
      inventory.handler(request, response)
    }

    expect(await order('RUG-07', 2)).toMatchObject({ status: 503 })

    await vi.waitFor(async () => expect(await stockOf('RUG-07')).toBe(3))
    const reserved = lines.filter(({ route }) => String(route).endsWith('/reserve'))
    expect(reserved).toMatchObject([{ status: 200 }])
    expect((await ask('/orders')).body.orders).toEqual([])
  })

  test('pieces are put back after a crash between reserving and ordering', async () => {
    await orders.close()
    const id = crypto.randomUUID()
    const store = openOrderStore(join(dataDir, 'orders'))
    store.begin(id)
    await store.close()
    const claims = { client_id: 'orders-api', scope: 'inventory.reserve' }
    const accessToken = await issuer.sign({ aud: inventoryServer.origin, ...claims })
    const reserve = await fetch(`${inventoryServer.origin}/inventory/items/RUG-07/reserve`, {
      method: 'POST',
      headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ reservationId: id, quantity: 3 }),
    })
    expect(reserve.status).toBe(200)

    startOrders()

    await vi.waitFor(async () => expect(await stockOf('RUG-07')).toBe(3))
  })

  test('an inventory that answers nonsense is a 502', async () => {
    inventoryFault = (_, response) => sendJson(response, { items: 'none' })
    expect(await ask('/orders')).toMatchObject({
      status: 502,
      body: { code: 'ERR_UPSTREAM_INVALID' },
    })
  })

  test.each([
    [400, 'invalid_grant', 401, 'ERR_TOKEN_INVALID'],
    [400, 'invalid_scope', 502, 'ERR_TOKEN_EXCHANGE_FAILED'],
    [503, 'server_error', 503, 'ERR_IDP_UNAVAILABLE'],
  ])('an exchange that fails with %i %s is a %i', async (given, error, status, code) => {
    issuer.answers.set('/token', (_, response) => sendJson(response, { error }, given))

    for (const answer of [await ask('/orders'), await order('RUG-07', 1)]) {
      expect(answer).toMatchObject({ status, body: { code } })
    }
  })
})
