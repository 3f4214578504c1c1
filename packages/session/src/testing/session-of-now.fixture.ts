import type { SessionKey, SessionRecord } from '../record.ts'

/** A session that lives for an hour by the machine's clock. */
export function sessionOfNow(
  change: Partial<Omit<SessionRecord, 'key'>> & { key: string },
): SessionRecord {
  const createdAt = Math.floor(Date.now() / 1000)
  return {
    version: 1,
    frontend: 'shop',
    issuer: 'https://issuer.example',
    subject: 'alice',
    sid: 'sid-1',
    createdAt,
    absoluteExpiresAt: createdAt + 36_000,
    expiresAt: createdAt + 3600,
    sealed: 'k1.c2VhbGVk',
    ...change,
    key: change.key as SessionKey,
  }
}
