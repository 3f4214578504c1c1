import type { SessionLease, SessionRecord } from './record.ts'

const longestKey = 256
const longestDevice = 256

const required = new Map<string, (value: unknown) => boolean>([
  ['key', isSessionKey],
  ['version', isVersion],
  ['frontend', isText],
  ['issuer', isText],
  ['subject', isText],
  ['createdAt', isSecond],
  ['absoluteExpiresAt', isSecond],
  ['expiresAt', isSecond],
  ['sealed', isText],
])

const optional = new Map<string, (value: unknown) => boolean>([
  ['sid', isText],
  ['lease', isLease],
  ['lastSeenAt', isSecond],
  ['authTime', isSecond],
  ['device', isDevice],
])

/**
 * Checks a record that is about to be written.
 *
 * @throws TypeError naming the field that no {@link SessionRecord} can have, never its value.
 */
export function assertSessionRecord(value: unknown): asserts value is SessionRecord {
  const problem = recordProblem(value)
  if (problem) throw new TypeError(`session record: ${problem}`)
}

/** Why a value is not a {@link SessionRecord}, or `undefined` when it is one. */
export function recordProblem(value: unknown): string | undefined {
  if (!isObject(value)) return 'not an object'
  for (const [field, matches] of required) {
    if (!Object.hasOwn(value, field)) return `${field} is missing`
    if (!matches(value[field])) return `${field} is malformed`
  }
  for (const field in value) {
    const matches = optional.get(field)
    if (!matches) {
      if (!required.has(field)) return `${JSON.stringify(field)} is not a field of a record`
    } else if (value[field] !== undefined && !matches(value[field])) {
      return `${field} is malformed`
    }
  }
  const { expiresAt, absoluteExpiresAt } = value as unknown as SessionRecord
  if (expiresAt > absoluteExpiresAt) return 'expiresAt is later than absoluteExpiresAt'
  return undefined
}

/** Whether a store can hold anything under this key: one that is not has no session. */
export function isSessionKey(value: unknown): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= longestKey
}

function isLease(value: unknown): value is SessionLease {
  return (
    isObject(value) &&
    Object.keys(value).length === 2 &&
    isText(value.holder) &&
    isSecond(value.until)
  )
}

function isDevice(value: unknown): boolean {
  return typeof value === 'string' && value.length <= longestDevice
}

function isVersion(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1
}

function isSecond(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
