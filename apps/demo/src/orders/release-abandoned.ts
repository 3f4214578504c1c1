import type { Telemetry } from '@sallyport/telemetry'
import type { InventoryClient } from './inventory-client.ts'
import type { OrderStore } from './order-store.ts'

/** Puts the pieces of abandoned orders back on the shelf, in the background. */
export interface ReleaseWorker {
  /** Looks for work now. */
  wake(): void
  /** Stops, after what is under way. */
  close(): Promise<void>
}

/** Releases attempted in one go. */
const batch = 20

/**
 * Starts releasing whatever is abandoned, now and whenever it is woken; what fails is tried again
 * after a pause.
 *
 * @param pauseMs between two attempts.
 */
export function startReleasing(
  work: { store: OrderStore; inventory: InventoryClient; telemetry: Telemetry },
  pauseMs: number,
): ReleaseWorker {
  const { store, inventory, telemetry } = work
  let running: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let again = false
  let closed = false

  async function releaseAll(): Promise<void> {
    for (;;) {
      const ids = store.abandoned(batch)
      if (ids.length === 0) return
      for (const id of ids) {
        if (closed) return
        if (!(await inventory.release(id))) throw new Error(`reservation ${id} is not released yet`)
        store.forget(id)
        telemetry.log.info({ order: id }, 'Reservation released')
      }
    }
  }

  function wake(): void {
    again = running !== undefined
    if (closed || again) return
    clearTimeout(timer)
    running = releaseAll()
      .catch((error: unknown) => {
        telemetry.log.warn({ error }, 'Reservations could not be released')
        timer = setTimeout(wake, pauseMs).unref()
      })
      .finally(() => {
        running = undefined
        if (again) wake()
      })
  }

  wake()
  return {
    wake,
    async close() {
      closed = true
      clearTimeout(timer)
      await running
    },
  }
}
