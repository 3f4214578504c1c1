import type { EpochSeconds } from '@sallyport/core'

/** That something happened: a session, a sign-in or a subject came to its end. */
export interface Mark {
  readonly at: EpochSeconds
  /** It is forgotten from this second on. */
  readonly expiresAt: EpochSeconds
  /** Why: a short word of letters, digits and `_.:-`, at most 64 of them. */
  readonly reason: string
}

/** Ids whose marks can be asked for at once. */
const mostIds = 16
const reasonPattern = /^[\w.:-]{1,64}$/

/**
 * Checks a mark that is about to be written.
 *
 * @throws TypeError
 */
export function assertMark({ at, expiresAt, reason, ...rest }: Mark): void {
  if (!isSecond(at)) throw new TypeError('mark: at is malformed')
  if (!isSecond(expiresAt)) throw new TypeError('mark: expiresAt is malformed')
  if (typeof reason !== 'string' || !reasonPattern.test(reason)) {
    throw new TypeError('mark: reason must be a short word')
  }
  const [unknown] = Object.keys(rest)
  if (unknown) throw new TypeError(`mark: ${unknown} is not a field of a mark`)
}

/** @throws TypeError when marks of too many ids are asked for at once. */
export function assertMarkIds(ids: readonly string[]): void {
  if (ids.length > mostIds) throw new TypeError(`marks of at most ${mostIds} ids at once`)
}

/** The rule of `mark`: a mark that is over counts as nothing, and gives way to any other. */
export function supersedes(mark: Mark, earlier: Mark | undefined, now: EpochSeconds): boolean {
  return now < mark.expiresAt && (!isLive(earlier, now) || mark.at >= earlier.at)
}

/** The mark, unless it is over. */
export function liveMark(mark: Mark | undefined, now: EpochSeconds): Mark | undefined {
  return isLive(mark, now) ? mark : undefined
}

/** A mark as text for a store that keeps texts. */
export function encodeMark({ at, expiresAt, reason }: Mark): string {
  return `${at} ${expiresAt} ${reason}`
}

/** Reads what {@link encodeMark} wrote; `undefined` for anything else. */
export function parseMark(text: string): Mark | undefined {
  const [, at, expiresAt, reason] = /^(\d{1,16}) (\d{1,16}) ([\w.:-]{1,64})$/.exec(text) ?? []
  if (reason === undefined) return undefined
  return { at: Number(at), expiresAt: Number(expiresAt), reason }
}

function isLive(mark: Mark | undefined, now: EpochSeconds): mark is Mark {
  return mark !== undefined && now < mark.expiresAt
}

function isSecond(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
