import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { sendJson } from '@sallyport/guard/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openOrderStore } from './order-store.ts'
import { openShop, type Shop } from './testing/shop.ts'

let shop: Shop

beforeEach(async () => {
  shop = await openShop()
})

afterEach(() => shop.close())

describe('when something fails', () => {
  const down: RequestListener = (_, response) => void response.destroy()

  test('an inventory that is down is a 503, and nothing is ordered', async () => {
    shop.fault = () => down

    for (const answer of [await shop.ask('/orders'), await shop.order('MUG-03', 1)]) {
      expect(answer).toMatchObject({ status: 503, body: { code: 'INVENTORY_UNAVAILABLE' } })
      expect(answer.headers.get('retry-after')).toBe('5')
    }
    shop.fault = undefined
    expect((await shop.ask('/orders')).body.orders).toEqual([])
  })

  test('an inventory that hangs is a 503 after three seconds', async () => {
    shop.fault = () => () => {}
    const startedAt = performance.now()

    expect(await shop.ask('/orders')).toMatchObject({ status: 503 })
    expect(performance.now() - startedAt).toBeLessThan(4500)
  })

  test('pieces are put back when the answer to a reservation is lost', async () => {
    shop.fault = (real) => (request, response) => {
      if (request.url?.endsWith('/reserve')) response.end = response.destroy as never
      real(request, response)
    }

    expect(await shop.order('RUG-07', 2)).toMatchObject({ status: 503 })

    await vi.waitFor(async () => expect(await shop.stockOf('RUG-07')).toBe(3))
    const reserved = shop.lines.filter(({ route }) => String(route).endsWith('/reserve'))
    expect(reserved).toMatchObject([{ status: 200 }])
    expect((await shop.ask('/orders')).body.orders).toEqual([])
  })

  test('pieces are put back after a crash between reserving and ordering', async () => {
    await shop.stopOrders()
    const id = crypto.randomUUID()
    const store = openOrderStore(join(shop.dataDir, 'orders'))
    store.begin(id)
    await store.close()
    const claims = { client_id: 'orders-api', scope: 'inventory.reserve' }
    const accessToken = await shop.issuer.sign({ aud: shop.inventoryUrl, ...claims })
    const reserve = await fetch(`${shop.inventoryUrl}/inventory/items/RUG-07/reserve`, {
      method: 'POST',
      headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ reservationId: id, quantity: 3 }),
    })
    expect(reserve.status).toBe(200)

    shop.startOrders()

    await vi.waitFor(async () => expect(await shop.stockOf('RUG-07')).toBe(3))
  })

  test('an inventory that answers nonsense is a 502', async () => {
    shop.fault = () => (_, response) => sendJson(response, { items: 'none' })
    expect(await shop.ask('/orders')).toMatchObject({
      status: 502,
      body: { code: 'ERR_UPSTREAM_INVALID' },
    })
  })

  test.each([
    [400, 'invalid_grant', 401, 'ERR_TOKEN_INVALID'],
    [400, 'invalid_scope', 502, 'ERR_TOKEN_EXCHANGE_FAILED'],
    [503, 'server_error', 503, 'ERR_IDP_UNAVAILABLE'],
  ])('an exchange that fails with %i %s is a %i', async (given, error, status, code) => {
    shop.issuer.answers.set('/token', (_, response) => sendJson(response, { error }, given))

    for (const answer of [await shop.ask('/orders'), await shop.order('RUG-07', 1)]) {
      expect(answer).toMatchObject({ status, body: { code } })
    }
  })
})
