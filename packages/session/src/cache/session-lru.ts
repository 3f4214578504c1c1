import type { SessionKey, SessionRecord } from '../record.ts'
import { matchesFilter, type SessionFilter } from '../session-filter.ts'

/** Sessions in memory, bounded; the one that was used longest ago goes first. */
export interface SessionLru {
  /** `undefined` too for what was put in before `notBeforeMs`. */
  get(key: SessionKey, notBeforeMs: number): SessionRecord | undefined
  /** @param readAtMs when its reading began. */
  set(record: SessionRecord, readAtMs: number): void
  delete(key: SessionKey): void
  deleteAll(filter: SessionFilter): void
  clear(): void
}

/** How much a cache may hold. */
export interface LruLimits {
  readonly maxEntries: number
  readonly maxBytes: number
}

interface Entry {
  readonly record: SessionRecord
  readonly readAtMs: number
  readonly bytes: number
}

/** What an entry costs besides its texts: objects and places in tables, measured roughly. */
const overheadBytes = 512

export function createSessionLru({ maxEntries, maxBytes }: LruLimits): SessionLru {
  // A Map keeps the order in which keys were set: the first is the one used longest ago.
  const entries = new Map<SessionKey, Entry>()
  let bytes = 0

  function remove(key: SessionKey): void {
    const entry = entries.get(key)
    if (!entry) return
    entries.delete(key)
    bytes -= entry.bytes
  }

  return {
    get(key, notBeforeMs) {
      const entry = entries.get(key)
      if (!entry) return undefined
      if (entry.readAtMs < notBeforeMs) {
        remove(key)
        return undefined
      }
      entries.delete(key)
      entries.set(key, entry)
      return entry.record
    },

    set(record, readAtMs) {
      const entry = { record, readAtMs, bytes: sizeOf(record) }
      remove(record.key)
      if (entry.bytes > maxBytes) return
      entries.set(record.key, entry)
      bytes += entry.bytes
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries && bytes <= maxBytes) break
        remove(oldest)
      }
    },

    delete: remove,

    deleteAll(filter) {
      for (const [key, { record }] of entries) if (matchesFilter(record, filter)) remove(key)
    },

    clear() {
      entries.clear()
      bytes = 0
    },
  }
}

function sizeOf(record: SessionRecord): number {
  const { key, frontend, issuer, subject, sid = '', device = '', sealed } = record
  const texts = [key, frontend, issuer, subject, sid, device, sealed]
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), overheadBytes)
}
