import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { firstStock } from './products.ts'
import { openStockStore, type StockStore } from './stock-store.ts'

let folder: string
let store: StockStore

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stock.'))
  store = openStockStore(folder)
})

afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

const by = { clientId: 'orders-api', subject: 'alice' }
const stockOf = (sku: string) => store.find(sku)?.stock

describe('the stock', () => {
  test('is filled once: what was reserved stays reserved over a restart', async () => {
    expect(store.list()).toEqual(firstStock.toSorted((a, b) => (a.sku < b.sku ? -1 : 1)))
    store.reserve({ id: 'one', sku: 'RUG-07', quantity: 2, ...by })
    await store.close()
    store = openStockStore(folder)

    expect(stockOf('RUG-07')).toBe(1)
    expect(store.list()).toHaveLength(firstStock.length)
  })

  test('gives all pieces that were asked for or none', () => {
    expect(store.reserve({ id: 'one', sku: 'RUG-07', quantity: 4, ...by }).kind).toBe(
      'out-of-stock',
    )
    expect(stockOf('RUG-07')).toBe(3)
    expect(store.reserve({ id: 'two', sku: 'RUG-07', quantity: 3, ...by }).kind).toBe('reserved')
    expect(store.reserve({ id: 'three', sku: 'RUG-07', quantity: 1, ...by }).kind).toBe(
      'out-of-stock',
    )
    expect(store.reserve({ id: 'four', sku: 'NONE', quantity: 1, ...by })).toEqual({
      kind: 'unknown-item',
    })
  })

  test('asking twice under one id reserves once', () => {
    const wish = { id: 'one', sku: 'RUG-07', quantity: 2, ...by }
    store.reserve(wish)

    expect(store.reserve(wish)).toMatchObject({ kind: 'reserved', item: { stock: 1 } })
    for (const changed of [{ quantity: 1 }, { sku: 'MUG-03' }, { subject: 'bob' }]) {
      expect(store.reserve({ ...wish, ...changed })).toEqual({ kind: 'taken' })
    }
    expect(stockOf('RUG-07')).toBe(1)
  })

  test('a release puts back once, and only for the client that reserved', () => {
    store.reserve({ id: 'one', sku: 'RUG-07', quantity: 2, ...by })

    expect(store.release('one', 'another')).toBe(false)
    expect(stockOf('RUG-07')).toBe(1)
    expect(store.release('one', 'orders-api')).toBe(true)
    expect(store.release('one', 'orders-api')).toBe(true)
    expect(stockOf('RUG-07')).toBe(3)
  })

  test('a wish that arrives after its release comes too late', () => {
    store.release('one', 'orders-api')

    expect(store.reserve({ id: 'one', sku: 'RUG-07', quantity: 1, ...by })).toEqual({
      kind: 'taken',
    })
    expect(stockOf('RUG-07')).toBe(3)
  })

  test('never more and never less than there was, whatever the order of events', () => {
    const event = fc.record({
      release: fc.boolean(),
      id: fc.integer({ min: 0, max: 8 }),
      quantity: fc.integer({ min: 1, max: 4 }),
    })
    let round = 0
    fc.assert(
      fc.property(fc.array(event, { maxLength: 25 }), (events) => {
        round += 1
        const before = stockOf('CHAIR-02') as number
        const held = new Map<string, number>()
        for (const { release, id: name, quantity } of events) {
          const id = `${round}/${name}`
          if (release) {
            store.release(id, by.clientId)
            held.delete(id)
          } else if (store.reserve({ id, sku: 'CHAIR-02', quantity, ...by }).kind === 'reserved') {
            held.set(id, quantity)
          }
          const sum = [...held.values()].reduce((total, pieces) => total + pieces, 0)
          expect(stockOf('CHAIR-02')).toBe(before - sum)
          expect(sum).toBeLessThanOrEqual(before)
        }
        for (const id of held.keys()) store.release(id, by.clientId)
        expect(stockOf('CHAIR-02')).toBe(before)
      }),
      { numRuns: 15 },
    )
  })
})
