export type { SessionKey, SessionLease, SessionRecord } from './record.ts'
export type { Awaitable, SessionFilter, SessionStore } from './store.ts'
