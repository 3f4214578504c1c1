import { type Clock, type EpochSeconds, SallyportError, systemClock } from '@sallyport/core'
import type { SessionKey, SessionRecord } from '../record.ts'
import { assertSessionRecord } from '../record-shape.ts'
import type { SessionFilter, SessionStore } from '../store.ts'
import { acceptsWrite, liveRecord, rowEnd, type StoredRow } from './stored-row.ts'
import { assertSweepPause, startSweeping } from './sweep-timer.ts'

/** How a memory store behaves. */
export interface MemoryStoreOptions {
  /** @defaultValue the machine's clock */
  clock?: Clock
  /**
   * Seconds between two removals of what is over; at most a day.
   *
   * @defaultValue 60
   */
  sweepEverySeconds?: number
}

/** A {@link SessionStore} in this process: everything answers at once. */
export interface MemoryStore extends SessionStore {
  get(key: SessionKey): SessionRecord | undefined
  put(record: SessionRecord): boolean
  delete(key: SessionKey): boolean
  deleteAll(filter: SessionFilter): number
  claim(id: string, expiresAt: EpochSeconds): boolean
  /** Removes what is over now, without waiting for the timer. @returns how many rows. */
  sweep(): number
  close(): void
}

/**
 * Keeps sessions in the memory of one process: for development, tests and a single small
 * instance. A restart signs everybody out, a second process or worker knows none of them, and
 * nothing here survives a crash. Memory is bounded only by removing what is over: whoever can
 * start sessions can fill it.
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const { clock = systemClock, sweepEverySeconds = 60 } = options
  const rows = new Map<SessionKey, StoredRow>()
  const claims = new Map<string, EpochSeconds>()
  let closed = false
  assertSweepPause(sweepEverySeconds)
  const stopSweeping = startSweeping(sweep, sweepEverySeconds)

  function sweep(): number {
    assertOpen()
    const now = clock()
    const before = rows.size + claims.size
    for (const [key, row] of rows) if (now >= rowEnd(row)) rows.delete(key)
    for (const [id, end] of claims) if (now >= end) claims.delete(id)
    return before - rows.size - claims.size
  }

  function deleteOne(key: SessionKey): boolean {
    const record = liveRecord(rows.get(key), clock())
    if (record) rows.set(key, { deletedUntil: record.absoluteExpiresAt })
    return record !== undefined
  }

  function assertOpen(): void {
    if (closed) {
      throw new SallyportError('ERR_SESSION_STORE_UNAVAILABLE', 'the session store is closed')
    }
  }

  return {
    get(key) {
      assertOpen()
      return liveRecord(rows.get(key), clock())
    },

    put(record) {
      assertOpen()
      assertSessionRecord(record)
      if (!acceptsWrite(rows.get(record.key), record, clock())) return false
      rows.set(record.key, { record: frozenCopy(record) })
      return true
    },

    delete(key) {
      assertOpen()
      return deleteOne(key)
    },

    deleteAll(filter) {
      assertOpen()
      let deleted = 0
      for (const [key, row] of rows) if (matches(row, filter) && deleteOne(key)) deleted += 1
      return deleted
    },

    claim(id, expiresAt) {
      assertOpen()
      const now = clock()
      if (expiresAt <= now || now < (claims.get(id) ?? 0)) return false
      claims.set(id, expiresAt)
      return true
    },

    sweep,

    close() {
      closed = true
      claims.clear()
      stopSweeping()
      rows.clear()
    },
  }
}

function matches(row: StoredRow, filter: SessionFilter): boolean {
  if (!('record' in row) || row.record.issuer !== filter.issuer) return false
  return 'sid' in filter ? row.record.sid === filter.sid : row.record.subject === filter.subject
}

function frozenCopy(record: SessionRecord): SessionRecord {
  const lease = record.lease && Object.freeze({ ...record.lease })
  return Object.freeze({ ...record, ...(lease && { lease }) })
}
