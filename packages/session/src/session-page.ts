import type { SessionRecord } from './record.ts'

/** Which part of what is found is wanted. */
export interface PageRequest {
  /** At most 500. */
  readonly limit: number
  /** The `next` of the page before; none for the first page. */
  readonly after?: string | undefined
}

/** A part of the sessions that were found. */
export interface SessionPage {
  readonly sessions: SessionRecord[]
  /** Where the next page begins; none when this is the last. */
  readonly next?: string | undefined
}

/** Sessions that a page may have, and that a store looks at for one. */
const longestPage = 500

/** @throws TypeError for a limit that no page has. */
export function assertPageRequest({ limit, after }: PageRequest): void {
  if (!(Number.isSafeInteger(limit) && limit > 0 && limit <= longestPage)) {
    throw new TypeError(`limit must be a whole number from 1 to ${longestPage}`)
  }
  if (after !== undefined && typeof after !== 'string') throw new TypeError('after is no text')
}
