import type { EpochSeconds } from '@sallyport/core'
import type { PageRequest, SessionFilter } from '@sallyport/session'

/** A session as an operator sees it: no claims, no tokens, nothing that opens it. */
export interface OperatorSession {
  /** Names it to `endOne`, in the log, and in the person's own list. */
  readonly id: string
  readonly frontend: string
  readonly issuer: string
  readonly subject: string
  readonly sid?: string
  readonly device?: string
  readonly createdAt: EpochSeconds
  readonly lastSeenAt?: EpochSeconds
  readonly authTime?: EpochSeconds
  readonly expiresAt: EpochSeconds
  readonly absoluteExpiresAt: EpochSeconds
}

/** A part of the sessions that were found. */
export interface OperatorPage {
  readonly sessions: OperatorSession[]
  /** Where the next page begins; none when this is the last. */
  readonly next?: string
}

/** How many sessions something was true of, or was done to. */
export interface OperatorCount {
  /** Of those that lie in the store. */
  readonly sessions: number
  /** Whether there may be more, which live in browsers: those end as well, and nobody can count them. */
  readonly hasUncounted: boolean
}

/**
 * Looks at sessions and ends them, of all frontends. Each call is audited, with the operator's name.
 *
 * All methods reject with `ERR_REQUEST_INVALID` for a filter that cannot be used, and with
 * `ERR_SESSION_STORE_UNAVAILABLE` when the store fails.
 */
export interface Operator {
  /** Live sessions that match, in the store's pages: one may be short or empty, with others to follow. */
  find(filter: SessionFilter, page: PageRequest): Promise<OperatorPage>
  /** Counts live sessions by looking at each. */
  count(filter: SessionFilter): Promise<OperatorCount>
  /**
   * Ends all that match, on every node, also those whose sign-in is under way; revokes the tokens of
   * those that can be read.
   *
   * @param filter `{}` signs everybody out. A `frontend` goes with no `sid`, and with an issuer only
   *   if there is a subject.
   */
  endAll(filter: SessionFilter): Promise<OperatorCount>
  /**
   * Ends the session of an id, also one that lives in a browser.
   *
   * @param filter what narrows down where it is looked for; without it all sessions are looked at.
   */
  endOne(id: string, filter?: SessionFilter): Promise<OperatorCount>
}
