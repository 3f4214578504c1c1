import type { EpochSeconds } from '@sallyport/core'
import type { SessionKey, SessionRecord } from './record.ts'

/** A value now, or a promise of it: embedded stores answer at once, and nothing waits. */
export type Awaitable<T> = T | Promise<T>

/** Which sessions to delete: those of one sign-in at the issuer, or all of a subject. */
export type SessionFilter =
  | { readonly issuer: string; readonly sid: string }
  | { readonly issuer: string; readonly subject: string }

/**
 * Where sessions live. An implementation is right when it passes `sessionStoreContract`
 * (`@sallyport/session/testing`).
 *
 * Any method may throw or reject when the store cannot be reached; nobody reads that as "no
 * session". Writes are durable against a killed process once they have resolved, and a read sees
 * all that have resolved before it, in whichever process.
 */
export interface SessionStore {
  /** `undefined` for a session that is unknown, expired or deleted. */
  get(key: SessionKey): Awaitable<SessionRecord | undefined>

  /**
   * Writes if version `record.version - 1` is what is stored (0: nothing is, and nothing was
   * deleted under this key), else changes nothing and gives `false`. A session that has expired
   * counts as nothing: its next version is refused, it does not come back.
   *
   * @throws TypeError for what is no record: a key that is empty or longer than 256 characters, a
   * version below 1, an end that is later than the absolute one, an unknown field.
   */
  put(record: SessionRecord): Awaitable<boolean>

  /**
   * Deletes, and leaves a tombstone until the session's absolute end: no write that was under
   * way brings it back.
   *
   * @returns whether there was a live session.
   */
  delete(key: SessionKey): Awaitable<boolean>

  /**
   * Deletes all that match, in every frontend, each as {@link SessionStore.delete} does. When one
   * of them fails, the others are deleted all the same, and then it throws.
   *
   * @returns how many live sessions there were.
   */
  deleteAll(filter: SessionFilter): Awaitable<number>

  /**
   * Remembers `id` until `expiresAt`, for what may be used once only: a sign-in's state, a token's
   * `jti`. Of all callers in all processes and nodes exactly one gets `true`; none, if the claim
   * would be over at once.
   */
  claim(id: string, expiresAt: EpochSeconds): Awaitable<boolean>

  /**
   * Lets what is under way finish and releases files and connections. Every later call fails with
   * `ERR_SESSION_STORE_UNAVAILABLE`, but for another `close`.
   */
  close(): Awaitable<void>
}
