import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type LoopbackIssuer,
  type LoopbackServer,
  listen,
  startIssuer,
} from '@sallyport/guard/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createInventoryApi, type InventoryApi } from './inventory-api.ts'
import { firstStock } from './products.ts'

const audience = 'http://localhost:3012'

let dataDir: string
let issuer: LoopbackIssuer
let api: InventoryApi
let server: LoopbackServer

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'inventory-'))
  issuer = await startIssuer()
  api = createInventoryApi({ issuer: issuer.issuer, audience, dataDir })
  server = await listen(api.handler)
})

afterEach(async () => {
  await server.close()
  await api.close()
  await issuer.close()
  rmSync(dataDir, { recursive: true })
})

async function ask(path: string, claims: Record<string, unknown> = {}, init: RequestInit = {}) {
  const accessToken = await issuer.sign({ aud: audience, ...claims })
  const response = await fetch(`${server.origin}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
}

const reserving = { scope: 'inventory.reserve', client_id: 'orders-api' }

function reserve(sku: string, quantity: unknown, reservationId: string = crypto.randomUUID()) {
  const body = JSON.stringify({ quantity, reservationId })
  return ask(`/inventory/items/${sku}/reserve`, reserving, { method: 'POST', body })
}

function release(id: string, claims: Record<string, unknown> = reserving) {
  return ask(`/inventory/reservations/${id}`, claims, { method: 'DELETE' })
}

describe('the inventory API', () => {
  test('lists the stock, and one item of it', async () => {
    const { status, body } = await ask('/inventory/items')

    expect(status).toBe(200)
    expect(body.items).toHaveLength(firstStock.length)
    expect(await ask('/inventory/items/MUG-03')).toEqual({
      status: 200,
      body: {
        sku: 'MUG-03',
        name: 'Stoneware mug',
        price: { amount: 1450, currency: 'EUR' },
        stock: 120,
      },
    })
  })

  test.each(['NONE', 'mug-03', '__proto__', '..%2Fitems', 'X'.repeat(3000)])(
    'does not know the sku %.20s',
    async (sku) => {
      const { status, body } = await ask(`/inventory/items/${sku}`)
      expect(status).toBe(404)
      expect(body.detail).toContain('There is no product with the sku')
    },
  )

  test('A210 refuses a token that was made for the orders API', async () => {
    expect(await ask('/inventory/items', { aud: 'http://localhost:3011' })).toMatchObject({
      status: 401,
    })
  })

  test('reserves, and says what is left', async () => {
    expect(await reserve('CHAIR-02', 2)).toMatchObject({ status: 200, body: { stock: 4 } })
    const tooMany = await reserve('CHAIR-02', 5)
    expect(tooMany).toMatchObject({ status: 409, body: { code: 'OUT_OF_STOCK' } })
    expect(tooMany.body.detail).toBe('Reading chair, oak: 4 left')
  })

  test('never sells the last piece twice, however many ask at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => reserve('PRINT-08', 1)))

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(19)
  })

  test('reserving again under the same id changes nothing, until it was released', async () => {
    const id = crypto.randomUUID()
    await reserve('RUG-07', 1, id)
    expect(await reserve('RUG-07', 1, id)).toMatchObject({ status: 200, body: { stock: 2 } })

    expect(await release(id, { ...reserving, client_id: 'another' })).toMatchObject({ status: 404 })
    expect(await release(id)).toEqual({ status: 204, body: undefined })
    expect(await ask('/inventory/items/RUG-07')).toMatchObject({ body: { stock: 3 } })
    expect(await reserve('RUG-07', 1, id)).toMatchObject({
      status: 409,
      body: { code: 'RESERVATION_TAKEN' },
    })
  })

  test.each([
    [0, 'quantity'],
    [-1, 'quantity'],
    [1.5, 'quantity'],
    [101, 'quantity'],
    ['1', 'quantity'],
    [undefined, 'quantity'],
  ])('a quantity of %s is refused', async (quantity, detail) => {
    const { status, body } = await reserve('MUG-03', quantity)
    expect(status).toBe(400)
    expect(body.detail).toContain(detail)
  })

  test('a reservation id must be a UUID', async () => {
    expect(await reserve('MUG-03', 1, 'one')).toMatchObject({ status: 400 })
    expect(await release('one')).toMatchObject({ status: 404 })
  })

  test('reading does not allow reserving, nor the reverse', async () => {
    const body = JSON.stringify({ quantity: 1, reservationId: crypto.randomUUID() })
    const path = '/inventory/items/MUG-03/reserve'

    expect(await ask(path, {}, { method: 'POST', body })).toMatchObject({ status: 403 })
    expect(await ask('/inventory/items', reserving)).toMatchObject({ status: 403 })
  })

  test('A202 a client in its own name releases, but reserves for nobody', async () => {
    const machine = { ...reserving, sub: 'orders-api' }
    const body = JSON.stringify({ quantity: 1, reservationId: crypto.randomUUID() })
    const path = '/inventory/items/MUG-03/reserve'

    expect(await ask(path, machine, { method: 'POST', body })).toMatchObject({ status: 403 })
    expect(await release(crypto.randomUUID(), machine)).toMatchObject({ status: 204 })
  })

  test('says that it is there to anybody', async () => {
    expect((await fetch(`${server.origin}/health`)).status).toBe(200)
  })
})
