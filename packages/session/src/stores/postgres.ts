import { type Clock, SallyportError, sha256, systemClock } from '@sallyport/core'
import type { ObservableSessionStore } from '../cache/change-feed.ts'
import { assertMark, assertMarkIds } from '../mark.ts'
import type { SessionKey, SessionRecord } from '../record.ts'
import { assertSessionRecord, isSessionKey } from '../record-shape.ts'
import { assertSessionFilter, type SessionFilter } from '../session-filter.ts'
import { assertPageRequest, type PageRequest, type SessionPage } from '../session-page.ts'
import { assertStoredTask, assertTaskTake } from '../task.ts'
import { listenToPostgres, type PostgresChangesContext } from './postgres-changes.ts'
import {
  openPostgresConnection,
  type PostgresConnection,
  type PostgresServer,
  type Statement,
} from './postgres-connection.ts'
import { createPostgresMarks } from './postgres-marks.ts'
import { migrate } from './postgres-migrations.ts'
import { groupValues, sweepBatch, toStatements } from './postgres-statements.ts'
import { createPostgresTasks } from './postgres-tasks.ts'
import { toGroups } from './session-groups.ts'
import { encodeRow, liveRecord, parseRow } from './stored-row.ts'
import { assertSweepPause, startSweeping } from './sweep-timer.ts'
import { assertTimeout } from './time-limit.ts'

export type { PostgresServer } from './postgres-connection.ts'

/** Where and how a PostgreSQL store keeps sessions. */
export type PostgresStoreOptions = PostgresServer & {
  /** @defaultValue the machine's clock */
  clock?: Clock
  /**
   * The schema of its tables, made when missing: small letters, digits and `_`.
   *
   * @defaultValue 'sallyport'
   */
  schema?: string
  /**
   * After so many milliseconds without an answer a call fails; at most a minute.
   *
   * @defaultValue 1000
   */
  timeoutMs?: number
  /**
   * Connections of this process.
   *
   * @defaultValue 10
   */
  maxConnections?: number
  /**
   * Seconds between two removals of what is over; at most a day. Every process does it, and none
   * waits for another.
   *
   * @defaultValue 60
   */
  sweepEverySeconds?: number
}

/** A `SessionStore` in PostgreSQL. */
export interface PostgresStore extends ObservableSessionStore {
  /** Removes what is over now, without waiting for the timer. @returns how many rows. */
  sweep(): Promise<number>
}

/** Seconds for which a row that is over stays, so that no clock that is slow misses it. */
const grace = 60

/** Rows looked at in one transaction that deletes, so that none takes long. */
const deleteBatch = 500

/**
 * Connects to PostgreSQL 13 or later, and makes or updates the schema. Connect directly, or
 * through a pooler that keeps a session's connection; never to a standby.
 *
 * Whether a session is over is told by `clock`, so the machines' clocks must agree to a few
 * seconds. What was acknowledged survives as `synchronous_commit` says: by default everything.
 *
 * @throws `ERR_SESSION_STORE_UNAVAILABLE` when the server cannot be reached or its schema is a
 * later one; also what each method rejects with later on. TypeError for options that cannot be.
 */
export async function createPostgresStore(options: PostgresStoreOptions): Promise<PostgresStore> {
  const { schema = 'sallyport', timeoutMs = 1000, maxConnections = 10 } = options
  const { clock = systemClock, sweepEverySeconds = 60 } = options
  if (!/^[a-z_][a-z0-9_]{0,50}$/.test(schema)) {
    throw new TypeError('schema must be small letters, digits and _, at most 51 of them')
  }
  if (!(Number.isSafeInteger(maxConnections) && maxConnections > 0)) {
    throw new TypeError('maxConnections must be a whole number above 0')
  }
  assertTimeout(timeoutMs)
  assertSweepPause(sweepEverySeconds)
  await migrate(options, schema)
  const connection = openPostgresConnection(options, { timeoutMs, maxConnections })
  try {
    // The pool refuses a standby: better now than at the first sign-in.
    await connection.query({ name: 'start', text: 'select 1' }, [])
  } catch (error) {
    await connection.close()
    throw error
  }
  const context = { server: options, connection, schema, timeoutMs, clock, sweepEverySeconds }
  return createStoreOn(context)
}

interface PostgresContext extends PostgresChangesContext {
  readonly connection: PostgresConnection
  readonly clock: Clock
  readonly sweepEverySeconds: number
}

function createStoreOn(options: PostgresContext): PostgresStore {
  const { connection, clock } = options
  const feeds = new Set<() => void>()
  const statements = toStatements(options.schema)
  const marks = createPostgresMarks({ connection, statements, clock })
  const tasks = createPostgresTasks({ connection, statements, clock })
  const running = new Set<Promise<unknown>>()
  const stopSweeping = startSweeping(sweep, options.sweepEverySeconds)
  let closing: Promise<void> | undefined

  /** How many rows a statement has changed. */
  async function change(statement: Statement, values: readonly unknown[]): Promise<number> {
    return (await connection.query(statement, values)).rowCount ?? 0
  }

  async function putOne(record: SessionRecord): Promise<boolean> {
    const { key, version, expiresAt, absoluteExpiresAt } = record
    const statement = version === 1 ? statements.create : statements.update
    const facts = [toBytes(key), version, expiresAt, absoluteExpiresAt, encodeRow({ record })]
    const { subject, sid = null, issuer, frontend } = toGroups(record)
    return (await change(statement, [...facts, subject, sid, issuer, frontend, clock()])) === 1
  }

  async function deleteMatching(filter: SessionFilter): Promise<number> {
    const groups = toGroups(filter)
    const statement = statements.deleteBy(groups)
    let after = Buffer.alloc(0)
    for (let deleted = 0; ; ) {
      const values = [clock(), after, deleteBatch, ...groupValues(groups)]
      const { rows } = await connection.query(statement, values)
      deleted += rows[0]?.deleted
      if (rows[0]?.looked_at < deleteBatch) return deleted
      after = rows[0]?.last_key
    }
  }

  async function findMatching(
    filter: SessionFilter,
    { limit, after = '' }: PageRequest,
  ): Promise<SessionPage> {
    const groups = toGroups(filter)
    const now = clock()
    const values = [now, Buffer.from(after, 'base64url'), limit, ...groupValues(groups)]
    const { rows } = await connection.query(statements.findBy(groups), values)
    const sessions: SessionRecord[] = []
    for (const { key, row } of rows) {
      const record = row && liveRecord(parseRow(row, key.toString()), now)
      if (record) sessions.push(record)
    }
    const next = rows.length === limit && rows.at(-1)?.key.toString('base64url')
    return { sessions, ...(next && { next }) }
  }

  function sweep(): Promise<number> {
    return guarded(async () => {
      let removed = 0
      const { sweepSessions, sweepClaims, sweepMarks, sweepTasks } = statements
      for (const statement of [sweepSessions, sweepClaims, sweepMarks, sweepTasks]) {
        let count: number
        do {
          count = await change(statement, [clock() - grace])
          removed += count
        } while (count === sweepBatch)
      }
      return removed
    })
  }

  async function guarded<T>(action: () => Promise<T>): Promise<T> {
    if (closing) {
      throw new SallyportError('ERR_SESSION_STORE_UNAVAILABLE', 'the session store is closed')
    }
    const attempt = action()
    running.add(attempt)
    try {
      return await attempt
    } finally {
      running.delete(attempt)
    }
  }

  return {
    get: (key) =>
      guarded(async () => {
        if (!isSessionKey(key)) return undefined
        const { rows } = await connection.query(statements.get, [toBytes(key)])
        const text: string | null | undefined = rows[0]?.row
        return text ? liveRecord(parseRow(text, key), clock()) : undefined
      }),

    async put(record) {
      assertSessionRecord(record)
      return guarded(() => putOne(record))
    },

    delete: (key) =>
      guarded(async () => {
        if (!isSessionKey(key)) return false
        return (await change(statements.delete, [toBytes(key), clock()])) === 1
      }),

    async deleteAll(filter) {
      assertSessionFilter(filter)
      return guarded(() => deleteMatching(filter))
    },

    async find(filter, page) {
      assertSessionFilter(filter)
      assertPageRequest(page)
      return guarded(() => findMatching(filter, page))
    },

    claim: (id, expiresAt) =>
      guarded(async () => {
        const now = clock()
        if (expiresAt <= now) return false
        return (await change(statements.claim, [sha256(id), expiresAt, now])) === 1
      }),

    async mark(id, mark) {
      assertMark(mark)
      return guarded(() => marks.write(id, mark))
    },

    async marks(ids) {
      assertMarkIds(ids)
      return guarded(() => marks.read(ids))
    },

    async putTask(task) {
      assertStoredTask(task)
      return guarded(() => tasks.put(task))
    },

    async takeTasks(take) {
      assertTaskTake(take)
      return guarded(() => tasks.take(take))
    },

    removeTask: (id) => guarded(() => tasks.remove(id)),

    sweep,

    onChange(listener) {
      const stop = listenToPostgres(options, listener)
      feeds.add(stop)
      return stop
    },

    close() {
      for (const stop of feeds) stop()
      stopSweeping()
      closing ??= Promise.allSettled(running).then(() => connection.close())
      return closing
    },
  }
}

/** A text of PostgreSQL cannot have every character that a key may have. */
function toBytes(key: SessionKey): Buffer {
  return Buffer.from(key)
}
