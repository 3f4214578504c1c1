import { setTimeout as pause } from 'node:timers/promises'
import type { ChangeListener } from '../cache/change-feed.ts'
import { within } from './time-limit.ts'

/** A connection on which changes arrive, or will. */
export interface Subscription {
  /** Resolves when every change from now on arrives. */
  readonly ready: Promise<unknown>
  /** Resolves when the connection has just been seen to work. */
  probe(): Promise<unknown>
  close(): void
}

/** How to be told of changes. */
export interface SubscriptionSource {
  /** Begins to subscribe. `onBroken` is called at once when the connection is known to be lost. */
  open(onBroken: (error: unknown) => void): Subscription
  readonly timeoutMs: number
}

/** A connection may die without a word: it is looked after this often. */
const probeEveryMs = 1000
const pauseBeforeRetryMs = 100

/**
 * Subscribes, and again whenever the connection is lost or does not answer a probe in time, until
 * told to stop. What comes back is always a new connection: no old one is trusted again.
 *
 * @returns the function that stops it.
 */
export function keepSubscribed(source: SubscriptionSource, listener: ChangeListener): () => void {
  const stopping = new AbortController()
  const { signal } = stopping
  // Waits without keeping the process alive.
  const wait = (milliseconds: number) => pause(milliseconds, undefined, { ref: false, signal })

  async function subscribeOnce(): Promise<void> {
    const broken = Promise.withResolvers<never>()
    broken.promise.catch(() => {})
    signal.addEventListener('abort', broken.reject, { once: true })
    let live = false
    const subscription = source.open(broken.reject)
    try {
      await within(source.timeoutMs, Promise.race([subscription.ready, broken.promise]))
      for (;;) {
        const answer = Promise.race([subscription.probe(), broken.promise])
        await within(source.timeoutMs, answer)
        if (!live) listener.live()
        live = true
        await Promise.race([wait(probeEveryMs), broken.promise])
      }
    } finally {
      signal.removeEventListener('abort', broken.reject)
      if (live) listener.lost()
      subscription.close()
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await subscribeOnce().catch(() => {})
      await wait(pauseBeforeRetryMs * (1 + Math.random())).catch(() => {})
    }
  }

  void run()
  return () => stopping.abort()
}
