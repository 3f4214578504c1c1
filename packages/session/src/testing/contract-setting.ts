import type { EpochSeconds } from '@sallyport/core'
import type { SessionKey, SessionRecord } from '../record.ts'
import type { SessionStore } from '../store.ts'

/** The store of the test that runs, and its clock. */
export interface ContractSetting {
  store(): SessionStore
  setTime(second: EpochSeconds): void
}

/** What the clock says when a test begins. */
export const start: EpochSeconds = 1_800_000_000

export function toKey(text: string): SessionKey {
  return text as SessionKey
}

/** A session that lives for an hour, and ten at most, from {@link start} on. */
export function createRecord(change: Partial<SessionRecord> = {}): SessionRecord {
  return {
    key: toKey('bXlzZXNzaW9u'),
    version: 1,
    frontend: 'shop',
    issuer: 'https://issuer.example',
    subject: 'alice',
    sid: 'sid-1',
    createdAt: start,
    absoluteExpiresAt: start + 36_000,
    expiresAt: start + 3600,
    sealed: 'k1.c2VhbGVk',
    ...change,
  }
}
