/** Those who wait for something, first come, first served. */
export interface WaitingLine<Wish, Thing> {
  readonly length: number
  /**
   * Waits.
   *
   * @throws what `late` makes, after its time; the signal's reason, when that is aborted.
   */
  join(wish: Wish, signal: AbortSignal): Promise<Thing>
  /** Gives to all whose wish `find` can meet now. */
  serve(find: (wish: Wish) => Thing | undefined): void
  /** Sends all away. */
  dismiss(reason: () => unknown): void
}

export interface WaitingLineOptions {
  /** Seconds. */
  timeout: number
  late: () => unknown
}

interface Waiter<Wish, Thing> {
  wish: Wish
  give(thing: Thing): void
  refuse(reason: unknown): void
}

export function createWaitingLine<Wish, Thing>({
  timeout,
  late,
}: WaitingLineOptions): WaitingLine<Wish, Thing> {
  const waiters = new Set<Waiter<Wish, Thing>>()

  return {
    get length() {
      return waiters.size
    },

    join(wish, signal) {
      return new Promise<Thing>((resolve, reject) => {
        const leave = () => {
          waiters.delete(waiter)
          clearTimeout(timer)
          signal.removeEventListener('abort', abort)
        }
        const waiter: Waiter<Wish, Thing> = {
          wish,
          give(thing) {
            leave()
            resolve(thing)
          },
          refuse(reason) {
            leave()
            reject(reason)
          },
        }
        const abort = () => waiter.refuse(signal.reason)
        const timer = setTimeout(() => waiter.refuse(late()), timeout * 1000)
        if (signal.aborted) return waiter.refuse(signal.reason)
        signal.addEventListener('abort', abort)
        waiters.add(waiter)
      })
    },

    serve(find) {
      for (const waiter of waiters) {
        const thing = find(waiter.wish)
        if (thing !== undefined) waiter.give(thing)
      }
    },

    dismiss(reason) {
      for (const waiter of waiters) waiter.refuse(reason())
    },
  }
}
