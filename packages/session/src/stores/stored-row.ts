import { type EpochSeconds, SallyportError } from '@sallyport/core'
import type { SessionKey, SessionRecord } from '../record.ts'
import { recordProblem } from '../record-shape.ts'

/** What lies under a session key: a session, or the trace of one that was deleted. */
export type StoredRow = { readonly record: SessionRecord } | { readonly deletedUntil: EpochSeconds }

const schema = 1

/** The second from which on a row means nothing, and may be removed. */
export function rowEnd(row: StoredRow): EpochSeconds {
  return 'record' in row ? row.record.expiresAt : row.deletedUntil
}

/** The session in a row, unless it is deleted or over. */
export function liveRecord(
  row: StoredRow | undefined,
  now: EpochSeconds,
): SessionRecord | undefined {
  return row && 'record' in row && now < row.record.expiresAt ? row.record : undefined
}

/**
 * The rule of `put`: a row that is over counts as nothing, on nothing only version 1 may be
 * written, on a session only its next version, on a tombstone nothing.
 */
export function acceptsWrite(
  row: StoredRow | undefined,
  record: SessionRecord,
  now: EpochSeconds,
): boolean {
  if (!row || now >= rowEnd(row)) return record.version === 1
  return 'record' in row && row.record.version === record.version - 1
}

/** A row as text for a store that keeps bytes. */
export function encodeRow(row: StoredRow): string {
  return JSON.stringify({ schema, ...row })
}

/**
 * Reads what {@link encodeRow} wrote. Anything else is an error, never "no session".
 *
 * @param key where it was found: a record filed under another key is an error too.
 * @throws `ERR_SESSION_STORE_UNAVAILABLE`
 */
export function parseRow(text: string, key: SessionKey): StoredRow {
  const value = parseJson(text)
  if (value?.schema !== schema) {
    throw unreadable(
      `session ${key}`,
      `schema ${JSON.stringify(value?.schema)}, this version reads ${schema}`,
    )
  }
  const { record, deletedUntil } = value
  if (Object.keys(value).length !== 2) throw unreadable(`session ${key}`, 'unknown fields')
  if (deletedUntil !== undefined) {
    if (!Number.isSafeInteger(deletedUntil))
      throw unreadable(`session ${key}`, 'a malformed tombstone')
    return { deletedUntil: deletedUntil as number }
  }
  const problem = recordProblem(record)
  if (problem) throw unreadable(`session ${key}`, problem)
  if ((record as SessionRecord).key !== key)
    throw unreadable(`session ${key}`, 'the record of another key')
  return { record: record as SessionRecord }
}

function parseJson(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/** What is stored and means nothing: an error, never "nothing is there". */
export function unreadable(what: string, problem: string): SallyportError {
  return new SallyportError(
    'ERR_SESSION_STORE_UNAVAILABLE',
    `the stored ${what} cannot be read (${problem}): it was damaged, or written by another version`,
  )
}
