export { type CachedStore, type CachedStoreOptions, createCachedStore } from './cached-store.ts'
export type { ChangeListener, ObservableSessionStore, SessionChange } from './change-feed.ts'
