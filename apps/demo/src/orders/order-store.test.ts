import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type OrderRecord, type OrderStore, openOrderStore } from './order-store.ts'

let folder: string
let store: OrderStore

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orders.'))
  store = openOrderStore(folder)
})

afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

function place(subject: string, minute: number): OrderRecord {
  const order: OrderRecord = {
    id: crypto.randomUUID(),
    subject,
    sku: 'MUG-03',
    name: 'Stoneware mug',
    quantity: 1,
    price: { amount: 1450, currency: 'EUR' },
    status: 'placed',
    createdAt: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
  }
  store.begin(order.id)
  store.place(order)
  return order
}

describe('the order store', () => {
  test('lists the newest first, and not more than asked for', () => {
    const [, second, third] = [place('alice', 1), place('alice', 2), place('alice', 3)]
    expect(store.list('alice', 2)).toEqual([third, second])
  })

  test.each(['a', 'alice:', 'alice~', 'x'.repeat(5000), '\0', ''])(
    'keeps subjects apart that look alike: %.10j',
    (subject) => {
      const own = place(subject, 1)
      const other = place('alice', 2)
      expect(store.list(subject, 9)).toEqual([own])
      expect(store.find(other.id, subject)).toBeUndefined()
    },
  )

  test('what is placed has nothing to release; what is cancelled has, once', () => {
    const order = place('alice', 1)
    expect(store.abandoned(9)).toEqual([])

    const cancelled = store.cancel(order)
    expect(store.abandoned(9)).toEqual([order.id])
    store.forget(order.id)
    expect(store.cancel(cancelled)).toEqual({ ...order, status: 'cancelled' })
    expect(store.abandoned(9)).toEqual([])
  })

  test('what was begun is abandoned at the next start, and not before', async () => {
    store.begin('one')
    expect(store.abandoned(9)).toEqual([])
    await store.close()
    store = openOrderStore(folder)
    expect(store.abandoned(9)).toEqual(['one'])
  })
})
