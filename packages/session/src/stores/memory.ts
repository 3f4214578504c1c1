import { type Clock, type EpochSeconds, SallyportError, systemClock } from '@sallyport/core'
import { assertMark, assertMarkIds, liveMark, type Mark, supersedes } from '../mark.ts'
import type { SessionKey, SessionRecord } from '../record.ts'
import { assertSessionRecord } from '../record-shape.ts'
import { assertSessionFilter, matchesFilter, type SessionFilter } from '../session-filter.ts'
import { assertPageRequest, type PageRequest, type SessionPage } from '../session-page.ts'
import type { SessionStore } from '../store.ts'
import { assertStoredTask, assertTaskTake, type StoredTask, type TaskTake } from '../task.ts'
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
  find(filter: SessionFilter, page: PageRequest): SessionPage
  claim(id: string, expiresAt: EpochSeconds): boolean
  mark(id: string, mark: Mark): void
  marks(ids: readonly string[]): Array<Mark | undefined>
  putTask(task: StoredTask): void
  takeTasks(take: TaskTake): StoredTask[]
  removeTask(id: string): void
  /** Removes what is over now, without waiting for the timer. @returns how many rows. */
  sweep(): number
  close(): void
}

interface Entry {
  readonly row: StoredRow
  /** Grows with each key that is new, as a Map keeps them: a page of sessions ends at one. */
  readonly place: number
}

/**
 * Keeps sessions in the memory of one process: for development, tests and a single small
 * instance. A restart signs everybody out, a second process or worker knows none of them, and
 * nothing here survives a crash. Memory is bounded only by removing what is over: whoever can
 * start sessions can fill it.
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const { clock = systemClock, sweepEverySeconds = 60 } = options
  const entries = new Map<SessionKey, Entry>()
  const claims = new Map<string, EpochSeconds>()
  const marks = new Map<string, Mark>()
  const tasks = new Map<string, StoredTask>()
  let latestPlace = 0
  let closed = false
  assertSweepPause(sweepEverySeconds)
  const stopSweeping = startSweeping(sweep, sweepEverySeconds)

  function sweep(): number {
    assertOpen()
    const now = clock()
    const size = () => entries.size + claims.size + marks.size + tasks.size
    const before = size()
    for (const [key, { row }] of entries) if (now >= rowEnd(row)) entries.delete(key)
    for (const [id, end] of claims) if (now >= end) claims.delete(id)
    for (const [id, { expiresAt }] of marks) if (now >= expiresAt) marks.delete(id)
    for (const [id, { expiresAt }] of tasks) if (now >= expiresAt) tasks.delete(id)
    return before - size()
  }

  function setRow(key: SessionKey, row: StoredRow): void {
    const place = entries.get(key)?.place ?? ++latestPlace
    entries.set(key, { row, place })
  }

  function deleteOne(key: SessionKey, filter: SessionFilter = {}): boolean {
    const record = liveRecord(entries.get(key)?.row, clock())
    if (!record || !matchesFilter(record, filter)) return false
    setRow(key, { deletedUntil: record.absoluteExpiresAt })
    return true
  }

  function assertOpen(): void {
    if (closed) {
      throw new SallyportError('ERR_SESSION_STORE_UNAVAILABLE', 'the session store is closed')
    }
  }

  return {
    get(key) {
      assertOpen()
      return liveRecord(entries.get(key)?.row, clock())
    },

    put(record) {
      assertOpen()
      assertSessionRecord(record)
      if (!acceptsWrite(entries.get(record.key)?.row, record, clock())) return false
      setRow(record.key, { record: frozenCopy(record) })
      return true
    },

    delete(key) {
      assertOpen()
      return deleteOne(key)
    },

    deleteAll(filter) {
      assertOpen()
      assertSessionFilter(filter)
      let deleted = 0
      for (const key of entries.keys()) if (deleteOne(key, filter)) deleted += 1
      return deleted
    },

    find(filter, page) {
      assertOpen()
      assertSessionFilter(filter)
      assertPageRequest(page)
      const now = clock()
      const after = Number(page.after ?? 0)
      const sessions: SessionRecord[] = []
      for (const { row, place } of entries.values()) {
        if (place <= after) continue
        const record = liveRecord(row, now)
        if (!record || !matchesFilter(record, filter)) continue
        sessions.push(record)
        if (sessions.length === page.limit) return { sessions, next: `${place}` }
      }
      return { sessions }
    },

    claim(id, expiresAt) {
      assertOpen()
      const now = clock()
      if (expiresAt <= now || now < (claims.get(id) ?? 0)) return false
      claims.set(id, expiresAt)
      return true
    },

    mark(id, mark) {
      assertOpen()
      assertMark(mark)
      if (supersedes(mark, marks.get(id), clock())) marks.set(id, Object.freeze({ ...mark }))
    },

    marks(ids) {
      assertOpen()
      assertMarkIds(ids)
      const now = clock()
      return ids.map((id) => liveMark(marks.get(id), now))
    },

    putTask(task) {
      assertOpen()
      assertStoredTask(task)
      tasks.set(task.id, Object.freeze({ ...task }))
    },

    takeTasks(take) {
      assertOpen()
      assertTaskTake(take)
      const now = clock()
      const due = [...tasks.values()].filter((task) => task.dueAt <= now && now < task.expiresAt)
      const taken = due.sort((a, b) => a.dueAt - b.dueAt).slice(0, take.limit)
      return taken.map((task) => {
        const leased = Object.freeze({ ...task, dueAt: now + take.leaseTime })
        tasks.set(task.id, leased)
        return leased
      })
    },

    removeTask(id) {
      assertOpen()
      tasks.delete(id)
    },

    sweep,

    close() {
      closed = true
      stopSweeping()
      for (const table of [entries, claims, marks, tasks]) table.clear()
    },
  }
}

function frozenCopy(record: SessionRecord): SessionRecord {
  const lease = record.lease && Object.freeze({ ...record.lease })
  return Object.freeze({ ...record, ...(lease && { lease }) })
}
