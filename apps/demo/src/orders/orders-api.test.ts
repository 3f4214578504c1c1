import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openShop, type Shop } from './testing/shop.ts'

let shop: Shop

beforeEach(async () => {
  shop = await openShop()
})

afterEach(() => shop.close())

describe('the orders API', () => {
  test('places an order and takes its pieces out of the stock', async () => {
    const { status, headers, body } = await shop.order('CHAIR-02', 2)

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
    expect(await shop.ask(`/orders/${body.id}`)).toMatchObject({ status: 200, body })
    expect(await shop.stockOf('CHAIR-02')).toBe(4)
  })

  test('lists the caller’s own orders, newest first, with the stock of this moment', async () => {
    await shop.order('MUG-03', 20)
    await shop.order('RUG-07', 1)
    await shop.order('MUG-03', 1, 'bob')

    const { body } = await shop.ask('/orders')

    expect(body.orders).toMatchObject([
      { sku: 'RUG-07', quantity: 1, stock: 2 },
      { sku: 'MUG-03', quantity: 20, stock: 99 },
    ])
  })

  test('nobody sees or cancels the order of another', async () => {
    const { body } = await shop.order('RUG-07', 1)

    expect((await shop.ask('/orders', { sub: 'bob' })).body).toEqual({ orders: [] })
    for (const method of ['GET', 'DELETE']) {
      expect(await shop.ask(`/orders/${body.id}`, { sub: 'bob', method })).toMatchObject({
        status: 404,
      })
    }
    expect(await shop.ask(`/orders/${'x'.repeat(4000)}`)).toMatchObject({ status: 404 })
    expect(await shop.stockOf('RUG-07')).toBe(2)
  })

  test('orders survive a restart', async () => {
    const { body } = await shop.order('RUG-07', 1)
    await shop.stopOrders()
    shop.startOrders()

    expect(await shop.ask(`/orders/${body.id}`)).toMatchObject({ status: 200, body })
  })

  test('the last piece is sold once, however many order at once', async () => {
    const people = Array.from({ length: 12 }, (_, at) => `person-${at}`)

    const answers = await Promise.all(people.map((sub) => shop.order('PRINT-08', 1, sub)))

    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(11).fill(409)])
    const winner = people[answers.findIndex(({ status }) => status === 201)] as string
    expect((await shop.ask('/orders', { sub: winner })).body.orders).toHaveLength(1)
  })

  test('cancelling brings the pieces back', async () => {
    const { body } = await shop.order('RUG-07', 3)

    const cancelled = await shop.ask(`/orders/${body.id}`, { method: 'DELETE' })

    expect(cancelled).toMatchObject({ status: 200, body: { status: 'cancelled' } })
    await vi.waitFor(async () => expect(await shop.stockOf('RUG-07')).toBe(3))
    await shop.ask(`/orders/${body.id}`, { method: 'DELETE' })
    await shop.order('RUG-07', 1)
    expect(await shop.stockOf('RUG-07')).toBe(2)
  })

  test('a client in its own name has no orders', async () => {
    const claims = { sub: 'orders-api', client_id: 'orders-api' }
    expect(await shop.ask('/orders', { claims })).toMatchObject({ status: 403 })
  })

  test('reading does not allow ordering', async () => {
    const claims = { scope: 'orders.read' }
    const asking = { method: 'POST', body: { sku: 'MUG-03', quantity: 1 }, claims }
    expect(await shop.ask('/orders', asking)).toMatchObject({ status: 403 })
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
    const answer = await shop.ask('/orders', { method: 'POST', body })

    expect(answer).toMatchObject({ status: 400, body: { code: 'ERR_REQUEST_INVALID' } })
    expect(answer.body.detail).toContain(detail)
    expect((await shop.ask('/orders')).body.orders).toEqual([])
  })

  test('more than there is', async () => {
    const answer = await shop.order('RUG-07', 4)

    expect(answer).toMatchObject({ status: 409, body: { code: 'OUT_OF_STOCK' } })
    expect(answer.body.detail).toBe('Wool rug, 120 x 180 cm: 3 left')
  })

  test('one trace leads through both APIs and the exchange, and no log has a token', async () => {
    const trace = '0af7651916cd43dd8448eb211c80319c'
    const exchanges: unknown[] = []
    shop.issuer.answers.set('/token', (request, response) => {
      exchanges.push(request.headers.traceparent)
      shop.tokenEndpoint(request, response)
    })
    await shop.ask('/orders', { headers: { traceparent: `00-${trace}-b7ad6b7169203331-01` } })

    const requests = shop.lines.filter(({ message }) => message === 'Request')
    expect(requests).toMatchObject([
      { service: 'inventory', trace_id: trace, sub: 'alice', client_id: 'orders-api' },
      { service: 'orders', trace_id: trace, sub: 'alice', client_id: 'bff' },
    ])
    expect(exchanges).toEqual([expect.stringContaining(trace)])
    expect(JSON.stringify(shop.lines)).not.toMatch(/eyJ/)
  })
})
