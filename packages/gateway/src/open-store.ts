import type { Clock } from '@sallyport/core'
import type { SessionStore } from '@sallyport/session'
import { createCachedStore, type ObservableSessionStore } from '@sallyport/session/cache'
import { createLmdbStore } from '@sallyport/session/lmdb'
import type { Telemetry } from '@sallyport/telemetry'
import type { StoreOptions } from './store-options.ts'

/**
 * Opens the store. What several machines share stands behind a cache in this process; a client
 * library is loaded only when its store is used.
 *
 * @throws `ERR_SESSION_STORE_UNAVAILABLE` when it cannot be opened.
 */
export async function openStore(
  store: StoreOptions,
  { telemetry, clock }: { telemetry: Telemetry; clock?: Clock },
): Promise<SessionStore> {
  const time = clock ? { clock } : {}
  if ('lmdbFolder' in store) return createLmdbStore({ folder: store.lmdbFolder, ...time })
  return createCachedStore(await openShared(store, time), {
    ...time,
    onFeed(state) {
      if (state === 'live') telemetry.log.info('changes of sessions arrive: the cache is on')
      else telemetry.log.warn('changes of sessions may be missed: the cache is off')
    },
  })
}

async function openShared(
  store: Exclude<StoreOptions, { lmdbFolder: string }>,
  time: { clock?: Clock },
): Promise<ObservableSessionStore> {
  if ('redis' in store) {
    const { createRedisStore } = await import('@sallyport/session/redis')
    return createRedisStore({ ...store.redis, ...time })
  }
  const { createPostgresStore } = await import('@sallyport/session/postgres')
  return createPostgresStore({ ...store.postgres, ...time })
}
