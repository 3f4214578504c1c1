import { SallyportError, type Secret } from '@sallyport/core'
import type { ClientCredentials, TokenExchange } from '@sallyport/guard'
import { type Telemetry, traceHeaders } from '@sallyport/telemetry'
import { z } from 'zod'

/** A product as the inventory API shows it. */
export type Item = z.infer<typeof itemSchema>

/** What became of a reservation. `unavailable`: it may have been made, or not. */
export type ReserveOutcome =
  | { kind: 'reserved'; item: Item }
  | { kind: 'refused'; detail: string }
  | { kind: 'unknown-item' }
  | { kind: 'unavailable' }

/** The inventory API, as the orders API uses it. */
export interface InventoryClient {
  /** On behalf of the caller; `undefined` when the API does not answer. */
  listItems(caller: Secret): Promise<Item[] | undefined>
  /** On behalf of the caller. */
  reserve(
    caller: Secret,
    wish: { id: string; sku: string; quantity: number },
  ): Promise<ReserveOutcome>
  /**
   * In the orders API's own name: nobody waits for it.
   *
   * @returns whether the pieces are back; else try again.
   */
  release(id: string): Promise<boolean>
}

/** Where the inventory API is and how to get tokens for it. */
export interface InventoryClientOptions {
  /** Origin, such as `http://localhost:3012`; also its resource identifier. */
  inventoryUrl: string
  tokenExchange: TokenExchange
  clientCredentials: ClientCredentials
  telemetry: Telemetry
}

interface Call {
  method: 'GET' | 'POST' | 'DELETE'
  path: string
  accessToken: Secret
  body?: unknown
}

/** Milliseconds to wait for an answer, body included. */
const timeoutMs = 3000

const reading = ['inventory.read']
const reserving = ['inventory.reserve']

const itemSchema = z.object({
  sku: z.string(),
  name: z.string(),
  price: z.object({ amount: z.int(), currency: z.string() }),
  stock: z.int(),
})

const itemsSchema = z.object({ items: z.array(itemSchema) })
const problemSchema = z.object({ detail: z.string() })

/**
 * Creates the client. Tokens for a call on behalf of a person come from an exchange of the token
 * that the person's request brought, so the inventory API sees the same `sub`.
 *
 * Methods reject with the errors of the exchange, and with `ERR_UPSTREAM_INVALID` when the
 * inventory API answers something that its contract does not have.
 */
export function createInventoryClient(options: InventoryClientOptions): InventoryClient {
  const { inventoryUrl, tokenExchange, clientCredentials, telemetry } = options

  async function tokenFor(caller: Secret, scopes: readonly string[]): Promise<Secret> {
    const target = { resource: inventoryUrl, scopes }
    return (await tokenExchange.exchange(caller, target)).accessToken
  }

  async function send(call: Call): Promise<{ status: number; body: unknown } | undefined> {
    const { method, path, accessToken, body } = call
    try {
      return await telemetry.call(`${method} inventory`, async () => {
        const response = await fetch(new URL(path, inventoryUrl), {
          method,
          redirect: 'error',
          signal: AbortSignal.timeout(timeoutMs),
          headers: {
            ...traceHeaders(),
            authorization: `Bearer ${accessToken.reveal()}`,
            ...(body !== undefined && { 'content-type': 'application/json' }),
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        })
        const text = await response.text()
        if (response.status >= 500) throw new Error(`inventory answered ${response.status}`)
        return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
      })
    } catch (error) {
      telemetry.log.error({ error }, 'The inventory API does not answer')
      return undefined
    }
  }

  return {
    async listItems(caller) {
      const accessToken = await tokenFor(caller, reading)
      const answer = await send({ method: 'GET', path: '/inventory/items', accessToken })
      if (!answer) return undefined
      const parsed = itemsSchema.safeParse(answer.body)
      if (answer.status === 200 && parsed.success) return parsed.data.items
      throw unexpected('GET items', answer.status)
    },

    async reserve(caller, { id, sku, quantity }) {
      const accessToken = await tokenFor(caller, reserving)
      const path = `/inventory/items/${encodeURIComponent(sku)}/reserve`
      const body = { reservationId: id, quantity }
      const answer = await send({ method: 'POST', path, accessToken, body })
      return answer ? toOutcome(answer) : { kind: 'unavailable' }
    },

    async release(id) {
      const target = { resource: inventoryUrl, scopes: reserving }
      const { accessToken } = await clientCredentials.obtain(target)
      const path = `/inventory/reservations/${id}`
      const answer = await send({ method: 'DELETE', path, accessToken })
      return answer?.status === 204
    },
  }
}

function toOutcome({ status, body }: { status: number; body: unknown }): ReserveOutcome {
  if (status === 404) return { kind: 'unknown-item' }
  if (status === 409) {
    const problem = problemSchema.safeParse(body)
    return { kind: 'refused', detail: problem.success ? problem.data.detail : 'not available' }
  }
  const item = itemSchema.safeParse(body)
  if (status === 200 && item.success) return { kind: 'reserved', item: item.data }
  throw unexpected('POST reserve', status)
}

function unexpected(call: string, status: number): SallyportError {
  return new SallyportError('ERR_UPSTREAM_INVALID', `inventory: ${call} answered ${status}`)
}
