import type { Clock, CookiePair, EpochSeconds, Secret } from '@sallyport/core'
import type {
  Awaitable,
  SessionFilter,
  SessionKey,
  SessionLease,
  SessionStore,
} from '@sallyport/session'
import type { Logger } from '@sallyport/telemetry'
import type { IdTokenClaims } from '../oidc/token-grant.ts'
import type { BffConfig } from '../options.ts'
import type { SessionsAtRest } from './at-rest.ts'
import type { EndReason, Session, SessionContent } from './session.ts'
import type { OpenStore } from './store-failures.ts'

/** Sessions, opened and sealed, in either mode; below is a store that knows no secret. */
export interface Sessions {
  /** Whether the cookies name a session at all, live or not. */
  isNamed(cookies: readonly CookiePair[]): boolean
  /** The live session that the cookies name. */
  open(cookies: readonly CookiePair[]): Awaitable<Session | undefined>
  /** A session that was opened, as it is now. */
  reload(session: Session): Awaitable<Session | undefined>
  /** Why a session was ended; `undefined` for one that was not, or only ran out. */
  endReason(session: Session): Awaitable<string | undefined>
  /**
   * Starts a session under a new id; its `setCookies` give it to the browser.
   *
   * @throws `ERR_CALLBACK_REJECTED` when the issuer has ended this sign-in meanwhile,
   *   `ERR_SESSION_TOO_LARGE` when it does not fit into cookies.
   */
  create(start: SessionStart): Promise<Session>
  /** Compare-and-set on the session that was read; `false` when somebody else was first. */
  update(session: Session, changes: SessionChanges): Awaitable<boolean>
  /** Counts as activity. @returns Set-Cookie values for the answer, those of the session included. */
  slide(session: Session): readonly string[]
  /**
   * Ends a session, whatever else is under way.
   *
   * @returns its last state, the latest refresh token in it, to the one caller that ended it.
   */
  end(session: Session, reason: EndReason): Promise<Session | undefined>
  /**
   * Ends all that match, also those whose sign-in is under way.
   *
   * @returns how many; `undefined` when they live in browsers, where nobody can count them.
   */
  endAll(
    filter: SessionFilter,
    reason: EndReason,
    options?: EndAllOptions,
  ): Promise<number | undefined>
  /**
   * Ends all other sessions of the person at this frontend, with the reason `revoked`; also those
   * whose sign-in is under way.
   *
   * @returns as `endAll`.
   */
  endOthers(session: Session, options?: Pick<EndAllOptions, 'first'>): Promise<number | undefined>
  /** Those that lie in the store; absent when they live in browsers. */
  readonly atRest?: SessionsAtRest
  /** Set-Cookie values that take the session's cookies from a browser. */
  expire(cookies: readonly CookiePair[]): readonly string[]
  /** `true` for the first caller only; see `SessionStore.claim`. */
  claim(id: string, lifetime: number): Awaitable<boolean>
}

/** How many sessions are ended. */
export interface EndAllOptions {
  /** Only those that had begun by then. @defaultValue now */
  until?: EpochSeconds | undefined
  /**
   * Ends some of them in its own way, once no new one can begin. What is left is ended after it.
   *
   * @returns how many.
   */
  first?: () => Promise<number>
}

/** What a sign-in brought. */
export interface SessionStart {
  readonly claims: IdTokenClaims
  readonly content: SessionContent
  /** When the sign-in began: what ended between then and now ends this session too. */
  readonly startedAt: number
  /** Where it is to be, when no cookie names it. Stored sessions alone. */
  readonly place?: SessionPlace
  /** What signed in, for people to recognise; at most 256 characters. */
  readonly device?: string | undefined
}

/** Where a session is that no cookie names, and the half of its key that whoever names it has. */
export interface SessionPlace {
  readonly key: SessionKey
  readonly splitSecret: Secret
}

export interface SessionChanges {
  content?: SessionContent
  expiresAt?: number
  /** `undefined` gives the lease back. */
  lease?: SessionLease | undefined
}

export interface SessionsOptions {
  config: BffConfig
  store: SessionStore
  clock: Clock
  log: Logger
  /** Does something after so many seconds, unless the BFF closes before. */
  later(seconds: number, work: () => Promise<void>): void
  /** Told when a browser shows a session that lives in it, and that was ended from elsewhere. */
  onEnded?(session: Session, reason: EndReason): void
}

/** What either mode is made of. */
export interface SessionsParts extends Omit<SessionsOptions, 'store'> {
  store: OpenStore
}
