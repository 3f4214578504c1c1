import { createHash } from 'node:crypto'
import { openLmdb } from '@sallyport/core/lmdb'
import { open } from 'lmdb'

/** An order, as it is kept. Its id is also that of the reservation behind it. */
export interface OrderRecord {
  readonly id: string
  /** Who ordered: `sub` of the access token. */
  readonly subject: string
  readonly sku: string
  readonly name: string
  readonly quantity: number
  /** Of one piece, on the day of the order. */
  readonly price: { readonly amount: number; readonly currency: string }
  readonly status: 'placed' | 'cancelled'
  /** ISO 8601. */
  readonly createdAt: string
  /** ISO 8601; absent while the money is not back. */
  readonly refundedAt?: string
}

/**
 * Orders, in LMDB, for one process. Each change is one transaction, on disk when it returns.
 *
 * Before pieces are reserved their order is noted as begun; whatever does not end as an order is
 * noted as abandoned, until its pieces are back on the shelf. So a crash at any point loses no
 * pieces for good.
 */
export interface OrderStore {
  begin(id: string): void
  /** The order is there; it is no longer just begun. */
  place(order: OrderRecord): void
  /** Nothing was reserved: there is nothing to undo. */
  forget(id: string): void
  /** Something was reserved, or may have been. */
  abandon(id: string): void
  /** Cancels and abandons in one. Nothing happens to an order that is cancelled already. */
  cancel(order: OrderRecord): OrderRecord
  /** Notes the refund, and cancels what is not cancelled yet. Happens once. */
  refund(order: OrderRecord, refundedAt: string): OrderRecord
  /** Ids whose reservations are to be released; {@link OrderStore.forget} them afterwards. */
  abandoned(limit: number): string[]
  /** An order by id, if it is this subject's. */
  find(id: string, subject: string): OrderRecord | undefined
  /** The subject's orders, newest first. */
  list(subject: string, limit: number): OrderRecord[]
  close(): Promise<void>
}

/** Opens the orders in a folder. What was begun and not finished counts as abandoned. */
export function openOrderStore(folder: string): OrderStore {
  const root = openLmdb(folder, (settings) => open(settings))
  const orders = root.openDB<OrderRecord, string>({ name: 'orders', encoding: 'json' })
  const bySubject = root.openDB<string, string>({ name: 'by-subject', encoding: 'string' })
  const unfinished = root.openDB<'begun' | 'abandoned', string>({
    name: 'unfinished',
    encoding: 'string',
  })
  root.transactionSync(() => {
    for (const id of [...unfinished.getKeys()]) unfinished.putSync(id, 'abandoned')
  })

  return {
    begin: (id) => unfinished.putSync(id, 'begun'),
    abandon: (id) => unfinished.putSync(id, 'abandoned'),
    forget: (id) => void unfinished.removeSync(id),

    place(order) {
      root.transactionSync(() => {
        orders.putSync(order.id, order)
        bySubject.putSync(subjectKey(order), order.id)
        unfinished.removeSync(order.id)
      })
    },

    cancel(order) {
      if (order.status === 'cancelled') return order
      const cancelled: OrderRecord = { ...order, status: 'cancelled' }
      root.transactionSync(() => {
        orders.putSync(order.id, cancelled)
        unfinished.putSync(order.id, 'abandoned')
      })
      return cancelled
    },

    refund(order, refundedAt) {
      if (order.refundedAt !== undefined) return order
      const refunded: OrderRecord = { ...order, status: 'cancelled', refundedAt }
      root.transactionSync(() => {
        orders.putSync(order.id, refunded)
        if (order.status === 'placed') unfinished.putSync(order.id, 'abandoned')
      })
      return refunded
    },

    abandoned(limit) {
      const entries = [...unfinished.getRange()]
      return entries
        .flatMap(({ key, value }) => (value === 'abandoned' ? [key] : []))
        .slice(0, limit)
    },

    find(id, subject) {
      const order = orders.get(id)
      return order?.subject === subject ? order : undefined
    },

    list(subject, limit) {
      const prefix = subjectPrefix(subject)
      const range = { start: `${prefix}~`, end: prefix, reverse: true, limit }
      return [...bySubject.getRange(range)].flatMap(({ value }) => orders.get(value) ?? [])
    },

    close: () => root.close(),
  }
}

// A subject may be longer than LMDB's keys, and may hold any character: its hash does not.
function subjectPrefix(subject: string): string {
  return `${createHash('sha256').update(subject).digest('hex')}:`
}

function subjectKey({ subject, createdAt, id }: OrderRecord): string {
  return `${subjectPrefix(subject)}${createdAt}:${id}`
}
