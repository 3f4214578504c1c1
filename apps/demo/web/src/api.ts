import { type Client, readProblem } from '@sallyport/client'
import { stepUp } from '@sallyport/client/step-up'
import { adviseOn, type Failure } from './failure.ts'

/** An amount in the currency's smallest unit: cents. */
export interface Price {
  amount: number
  currency: string
}

/** A product, as the inventory API lists it. */
export interface Item {
  sku: string
  name: string
  price: Price
  stock: number
}

/** An order, as the orders API lists it, with the stock the inventory API knows right now. */
export interface Order {
  id: string
  sku: string
  name: string
  quantity: number
  total: Price
  status: 'placed' | 'cancelled'
  /** ISO 8601. */
  createdAt: string
  /** ISO 8601; absent while the money is not back. */
  refundedAt?: string
  stock: number
}

export type Answer<Value> = { ok: true; value: Value } | { ok: false; failure: Failure }

export async function listItems(client: Client, signal?: AbortSignal): Promise<Answer<Item[]>> {
  const answer = await ask<{ items: Item[] }>(client, '/api/inventory/items', { signal })
  return answer.ok ? { ok: true, value: answer.value.items } : answer
}

export async function listOrders(client: Client, signal?: AbortSignal): Promise<Answer<Order[]>> {
  const answer = await ask<{ orders: Order[] }>(client, '/api/orders', { signal })
  return answer.ok ? { ok: true, value: answer.value.orders } : answer
}

export function placeOrder(
  client: Client,
  order: Pick<Order, 'sku' | 'quantity'>,
): Promise<Answer<Order>> {
  return ask<Order>(client, '/api/orders', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(order),
  })
}

export function cancelOrder(client: Client, id: string): Promise<Answer<Order>> {
  return ask<Order>(client, `/api/orders/${id}`, { method: 'DELETE' })
}

/**
 * Gives the money back. If that needs a fresh sign-in the page is left for it and there is no answer;
 * after the return see {@link toRefund}.
 */
export async function refundOrder(client: Client, id: string): Promise<Answer<Order>> {
  const response = await client
    .fetch(`/api/orders/${id}/refund`, { method: 'POST' })
    .catch(noAnswer)
  if (response && (await stepUp(client, response))) return new Promise(() => {})
  return toAnswer(client, response)
}

/** The order whose refund a request was, by the request's path. */
export function toRefund(path: string | undefined): string | undefined {
  return /^\/api\/orders\/([0-9a-f-]+)\/refund$/.exec(path ?? '')?.[1]
}

async function ask<Value>(
  client: Client,
  path: string,
  init: Omit<RequestInit, 'signal'> & { signal?: AbortSignal | undefined },
): Promise<Answer<Value>> {
  const { signal = null, ...rest } = init
  return toAnswer(client, await client.fetch(path, { ...rest, signal }).catch(noAnswer))
}

async function toAnswer<Value>(
  client: Client,
  response: Response | undefined,
): Promise<Answer<Value>> {
  if (!response) return { ok: false, failure: adviseOn(0) }
  try {
    if (response.ok) return { ok: true, value: (await response.json()) as Value }
    const problem = await readProblem(response)
    return { ok: false, failure: adviseOn(response.status, problem, client.traceId(response)) }
  } catch {
    return { ok: false, failure: adviseOn(0) }
  }
}

function noAnswer(): undefined {}
