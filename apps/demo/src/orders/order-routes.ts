import { type ApiAnswer, type ApiCall, type ApiRoute, problemAnswer } from '@sallyport/guard'
import { z } from 'zod'
import type { InventoryClient, Item } from './inventory-client.ts'
import type { OrderRecord, OrderStore } from './order-store.ts'
import type { ReleaseWorker } from './release-abandoned.ts'

/** What the routes work with. */
export interface OrderContext {
  store: OrderStore
  inventory: InventoryClient
  releasing: ReleaseWorker
  /** Seconds since the person signed in, within which money is given back. */
  refundMaxAge: number
}

/** An order as this API shows it. */
export interface Order extends Omit<OrderRecord, 'subject'> {
  total: { amount: number; currency: string }
  /** How many pieces the inventory has left right now; 0 for a product it no longer has. */
  stock: number
}

const wishSchema = z.strictObject({
  sku: z.string().regex(/^[A-Z0-9-]{1,40}$/, { error: 'must be a sku such as MUG-03' }),
  quantity: z.int().min(1).max(100),
})

/** Orders shown in a list, the newest. */
const listed = 100

/** The table of this API's routes. Reading and writing are for people: clients have no orders. */
export function createOrderRoutes(context: OrderContext): ApiRoute[] {
  const reading = { scopes: ['orders.read'], subject: 'person' } as const
  const writing = { scopes: ['orders.write'], subject: 'person' } as const
  return [
    { method: 'GET', path: '/health', public: true, handle: () => ok({ status: 'ok' }) },
    { method: 'GET', path: '/orders', ...reading, handle: (call) => listOrders(call, context) },
    { method: 'GET', path: '/orders/{id}', ...reading, handle: (call) => showOrder(call, context) },
    { method: 'POST', path: '/orders', ...writing, handle: (call) => placeOrder(call, context) },
    {
      method: 'DELETE',
      path: '/orders/{id}',
      ...writing,
      handle: (call) => cancelOrder(call, context),
    },
    {
      method: 'POST',
      path: '/orders/{id}/refund',
      ...writing,
      maxAge: context.refundMaxAge,
      handle: (call) => refundOrder(call, context),
    },
  ]
}

async function listOrders(call: ApiCall, { store, inventory }: OrderContext): Promise<ApiAnswer> {
  const items = await inventory.listItems(call.accessToken)
  if (!items) return inventoryUnavailable()
  const orders = store.list(call.claims.sub, listed)
  return ok({ orders: orders.map((order) => toOrder(order, items)) })
}

async function showOrder(call: ApiCall, { store, inventory }: OrderContext): Promise<ApiAnswer> {
  const order = findOrder(call, store)
  if (!order) return unknownOrder()
  const items = await inventory.listItems(call.accessToken)
  return items ? ok(toOrder(order, items)) : inventoryUnavailable()
}

async function placeOrder(call: ApiCall, context: OrderContext): Promise<ApiAnswer> {
  const body = await call.readJson(wishSchema)
  if (!body.ok) return body.answer
  const { store, inventory } = context
  const wish = { id: crypto.randomUUID(), ...body.value }
  store.begin(wish.id)
  const outcome = await inventory.reserve(call.accessToken, wish).catch((error: unknown) => {
    giveBack(wish.id, context)
    throw error
  })
  switch (outcome.kind) {
    case 'reserved': {
      const order = toRecord(wish, outcome.item, call.claims.sub)
      store.place(order)
      const headers = { location: `/orders/${order.id}` }
      return { status: 201, headers, body: toOrder(order, [outcome.item]) }
    }
    case 'unknown-item':
      store.forget(wish.id)
      return problemAnswer('ERR_REQUEST_INVALID', `sku: there is no product ${wish.sku}`)
    case 'refused':
      store.forget(wish.id)
      return problemAnswer(notAvailable, outcome.detail)
    case 'unavailable':
      giveBack(wish.id, context)
      return inventoryUnavailable()
  }
}

async function cancelOrder(call: ApiCall, context: OrderContext): Promise<ApiAnswer> {
  const { store, inventory, releasing } = context
  const order = findOrder(call, store)
  if (!order) return unknownOrder()
  const items = await inventory.listItems(call.accessToken)
  if (!items) return inventoryUnavailable()
  const cancelled = store.cancel(order)
  releasing.wake()
  return ok(toOrder(cancelled, items))
}

async function refundOrder(call: ApiCall, context: OrderContext): Promise<ApiAnswer> {
  const { store, inventory, releasing } = context
  if (!findOrder(call, store)) return unknownOrder()
  const items = await inventory.listItems(call.accessToken)
  if (!items) return inventoryUnavailable()
  // Read again: the order may have been cancelled or refunded while the inventory was asked.
  const order = findOrder(call, store)
  if (!order) return unknownOrder()
  const refunded = store.refund(order, new Date().toISOString())
  releasing.wake()
  return ok(toOrder(refunded, items))
}

function findOrder({ params, claims }: ApiCall, store: OrderStore): OrderRecord | undefined {
  const id = z.uuid().safeParse(params.id)
  return id.success ? store.find(id.data, claims.sub) : undefined
}

function giveBack(id: string, { store, releasing }: OrderContext): void {
  store.abandon(id)
  releasing.wake()
}

function toRecord(
  { id, sku, quantity }: { id: string; sku: string; quantity: number },
  { name, price }: Item,
  subject: string,
): OrderRecord {
  const createdAt = new Date().toISOString()
  return { id, subject, sku, name, quantity, price, status: 'placed', createdAt }
}

function toOrder({ subject: _, ...order }: OrderRecord, items: readonly Item[]): Order {
  const { amount, currency } = order.price
  const stock = items.find(({ sku }) => sku === order.sku)?.stock ?? 0
  return { ...order, total: { amount: amount * order.quantity, currency }, stock }
}

const notAvailable = {
  type: 'urn:sallyport:demo:out_of_stock',
  title: 'There are not enough pieces left',
  status: 409,
  code: 'OUT_OF_STOCK',
}

function inventoryUnavailable(): ApiAnswer {
  const problem = {
    type: 'urn:sallyport:demo:inventory_unavailable',
    title: 'The inventory does not answer right now',
    status: 503,
    code: 'INVENTORY_UNAVAILABLE',
  }
  const answer = problemAnswer(problem, 'Nothing was ordered or changed. Try again in a moment')
  return { ...answer, headers: { ...answer.headers, 'retry-after': '5' } }
}

function unknownOrder(): ApiAnswer {
  return problemAnswer('ERR_ROUTE_NOT_FOUND', 'You have no order with this id')
}

function ok(body: unknown): ApiAnswer {
  return { status: 200, body }
}
