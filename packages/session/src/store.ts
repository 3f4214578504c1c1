import type { EpochSeconds } from '@sallyport/core'
import type { Mark } from './mark.ts'
import type { SessionKey, SessionRecord } from './record.ts'
import type { SessionFilter } from './session-filter.ts'
import type { PageRequest, SessionPage } from './session-page.ts'
import type { StoredTask, TaskTake } from './task.ts'

/** A value now, or a promise of it: embedded stores answer at once, and nothing waits. */
export type Awaitable<T> = T | Promise<T>

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
   * @param filter `{}` signs everybody out.
   * @returns how many live sessions there were.
   * @throws TypeError for what is no filter.
   */
  deleteAll(filter: SessionFilter): Awaitable<number>

  /**
   * Live sessions that match, in no order anybody may count on. Whoever asks for page after page,
   * until one has no `next`, is given each session that was there all the time; one that is
   * written meanwhile may come twice. A page may be short, or empty, with others to follow:
   * a store looks at a bounded number of sessions for one.
   *
   * @throws TypeError for what is no filter or page.
   */
  find(filter: SessionFilter, page: PageRequest): Awaitable<SessionPage>

  /**
   * Remembers `id` until `expiresAt`, for what may be used once only: a sign-in's state, a token's
   * `jti`. Of all callers in all processes and nodes exactly one gets `true`; none, if the claim
   * would be over at once.
   */
  claim(id: string, expiresAt: EpochSeconds): Awaitable<boolean>

  /**
   * Remembers that something happened, until `mark.expiresAt`. Of two marks of an id the one with
   * the later `at` stays, and of the same second the one that is written last.
   *
   * @throws TypeError for what is no mark.
   */
  mark(id: string, mark: Mark): Awaitable<void>

  /**
   * The marks of some ids, in their order; `undefined` where there is none (any more).
   *
   * @throws TypeError for more than 16 ids.
   */
  marks(ids: readonly string[]): Awaitable<Array<Mark | undefined>>

  /**
   * Keeps a task until it is removed or expires; in place of the one of the same id, if there is
   * one. It is given out at least once, not at most once.
   *
   * @throws TypeError for what is no task.
   */
  putTask(task: StoredTask): Awaitable<void>

  /**
   * Takes tasks whose `dueAt` has come, those due longest first. Each is put off to `leaseTime`
   * from now in the same step, so that nobody else takes it meanwhile, and is given as it is
   * stored then. What has expired is dropped.
   *
   * @throws TypeError for a limit above 500, or what is no lease.
   */
  takeTasks(take: TaskTake): Awaitable<StoredTask[]>

  /** Removes a task that is done, or given up. None of this id is fine. */
  removeTask(id: string): Awaitable<void>

  /**
   * Lets what is under way finish and releases files and connections. Every later call fails with
   * `ERR_SESSION_STORE_UNAVAILABLE`, but for another `close`.
   */
  close(): Awaitable<void>
}

/** A {@link SessionStore} that never answers at once: what it asks is elsewhere. */
export type PromisedSessionStore = {
  [Method in keyof SessionStore]: (
    ...given: Parameters<SessionStore[Method]>
  ) => Promise<Awaited<ReturnType<SessionStore[Method]>>>
}
