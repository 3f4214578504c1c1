import { openLmdb } from '@sallyport/core/lmdb'
import { open } from 'lmdb'
import { firstStock, type Item } from './products.ts'

/** A claim on some pieces of a product. */
export interface Reservation {
  /** Chosen by the one who reserves, so that asking twice reserves once. */
  readonly id: string
  readonly sku: string
  readonly quantity: number
  /** The client that reserves; only it can release. */
  readonly clientId: string
  /** For whom. */
  readonly subject: string
}

/** What became of a wish to reserve. `taken`: the id was used for something else, or released. */
export type ReserveOutcome =
  | { kind: 'reserved'; item: Item }
  | { kind: 'out-of-stock'; item: Item }
  | { kind: 'unknown-item' }
  | { kind: 'taken' }

/** The stock, in LMDB. Each change is one transaction over all processes, on disk when it returns. */
export interface StockStore {
  list(): Item[]
  find(sku: string): Item | undefined
  /** Takes pieces out of the stock, all or none; never more than there are. */
  reserve(reservation: Reservation): ReserveOutcome
  /**
   * Puts the pieces of a reservation back, once. An id that is not known yet can no longer be
   * reserved afterwards, so a request that is still under way comes too late.
   *
   * @returns whether the reservation is (or was) the client's own.
   */
  release(id: string, clientId: string): boolean
  close(): Promise<void>
}

interface ReservationRecord {
  readonly clientId: string
  /** What is held; absent once released. */
  readonly held?: Reservation
}

/** Opens the stock in a folder; fills it when it is new. */
export function openStockStore(folder: string): StockStore {
  const root = openLmdb(folder, (settings) => open(settings))
  const items = root.openDB<Item, string>({ name: 'items', encoding: 'json' })
  const reservations = root.openDB<ReservationRecord, string>({
    name: 'reservations',
    encoding: 'json',
  })
  root.transactionSync(() => {
    if (items.getKeysCount() > 0) return
    for (const item of firstStock) items.putSync(item.sku, item)
  })

  function move(sku: string, pieces: number): Item {
    const item = items.get(sku) as Item
    const moved = { ...item, stock: item.stock + pieces }
    items.putSync(sku, moved)
    return moved
  }

  return {
    list: () => [...items.getRange()].map(({ value }) => value),
    find: (sku) => items.get(sku),

    reserve(reservation) {
      return root.transactionSync(() => {
        const item = items.get(reservation.sku)
        if (!item) return { kind: 'unknown-item' }
        const record = reservations.get(reservation.id)
        if (record)
          return isSame(record, reservation) ? { kind: 'reserved', item } : { kind: 'taken' }
        if (item.stock < reservation.quantity) return { kind: 'out-of-stock', item }
        const { clientId } = reservation
        reservations.putSync(reservation.id, { clientId, held: reservation })
        return { kind: 'reserved', item: move(reservation.sku, -reservation.quantity) }
      })
    },

    release(id, clientId) {
      return root.transactionSync(() => {
        const record = reservations.get(id)
        if (record && record.clientId !== clientId) return false
        if (record?.held) move(record.held.sku, record.held.quantity)
        reservations.putSync(id, { clientId })
        return true
      })
    },

    close: () => root.close(),
  }
}

function isSame({ held }: ReservationRecord, reservation: Reservation): boolean {
  return (
    held !== undefined &&
    held.sku === reservation.sku &&
    held.quantity === reservation.quantity &&
    held.clientId === reservation.clientId &&
    held.subject === reservation.subject
  )
}
