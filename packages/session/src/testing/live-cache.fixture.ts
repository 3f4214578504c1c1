import type { Clock } from '@sallyport/core'
import { type CachedStore, createCachedStore } from '../cache/cached-store.ts'
import type { ObservableSessionStore } from '../cache/change-feed.ts'

/** A cache that works: before its feed is live, it would only pass everything on. */
export async function openLiveCache(
  store: ObservableSessionStore,
  clock: Clock,
): Promise<CachedStore> {
  const live = Promise.withResolvers<void>()
  const cached = createCachedStore(store, { clock, maxStale: 3600, onFeed: () => live.resolve() })
  await live.promise
  return cached
}
